"""Many branches in one `Send`: every branch keeps its own result, status, retries, limits and place in the quorum."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl
from langgraph.types import Command, interrupt

from langgraph_quorum import Branch, Specialist, SyncPolicy, Tuning, build_workflow
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from langgraph_quorum.nodes.branching.stopping import abandoned
from langgraph_quorum.state.errors import ConfigurationError
from tests.graphs.running import FIXED, PATIENT, compiled, run, statuses, thread

pytestmark = pytest.mark.looptime

Work = list[dict[str, Any]]


def numbered(count: int, specialist: str = "s", **item: Any) -> Work:
    return [{"branch_id": f"b{number:04}", "specialist": specialist, **item} for number in range(count)]


class Worker:
    """Does as it is told for each branch, and notes who was called, and how many ran at once."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.running = self.peak = 0
        self.seconds: dict[str, float] = {}
        self.errors: dict[str, list[Exception]] = {}

    async def __call__(self, branch: Branch) -> dict[str, Any]:
        self.calls[branch.branch_id] += 1
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            if branch.branch_id in self.seconds:
                await asyncio.sleep(self.seconds[branch.branch_id])
            if self.errors.get(branch.branch_id):
                raise self.errors[branch.branch_id].pop(0)
            return {"by": branch.branch_id, "inputs": branch.inputs}
        finally:
            self.running -= 1

    def specialist(self, **settings: Any) -> Specialist:
        return Specialist("s", self, **settings)


@pytest.mark.parametrize("bundle", [1, 2, 7, 100, "auto", None])
async def test_the_outcome_is_the_same_whatever_the_size(bundle: Any) -> None:
    worker = Worker()
    worker.seconds = {"b0003": 1, "b0017": 2, "b0018": 1}
    worker.errors = {"b0005": [ConnectionError()], "b0018": [ConnectionError(), ValueError("no")]}
    result = await run(worker.specialist(), work=numbered(40), sync=SyncPolicy(threshold=0.9), bundle=bundle)
    assert statuses(result) == {f"b{n:04}": "failed" if n == 18 else "succeeded" for n in range(40)}
    assert all(record["result"]["by"] == name for name, record in result["branches"].items() if record["result"])
    attempts = {name: record["attempts"] for name, record in result["branches"].items() if record["attempts"] > 1}
    assert attempts == {"b0005": 2, "b0018": 2}
    assert worker.calls["b0000"] == 1
    assert (result["sync"][0]["reason"], len(result["sync"][0]["completed"])) == ("all_done", 39)


async def test_bundles_are_fewer_sends() -> None:
    graph = compiled(Worker().specialist(), bundle=50)
    work = {"task": "x", "work": numbered(200)}
    updates = [part async for part in graph.astream(work, context=FIXED, stream_mode="updates")]
    assert [len(part["s"]["branches"]) for part in updates if "s" in part] == [50, 50, 50, 50]


async def test_branches_that_wait_run_side_by_side_inside_a_bundle() -> None:
    worker = Worker()
    worker.seconds = {f"b{number:04}": 10.0 for number in range(20)}
    result = await run(worker.specialist(), work=numbered(20), bundle=20)
    assert worker.peak == 20
    assert result["sync"][0]["seconds"] == pytest.approx(10, abs=0.1)


async def test_the_modes_limit_holds_inside_bundles() -> None:
    worker = Worker()
    worker.seconds = {f"b{number:04}": 1.0 for number in range(12)}
    result = await run(worker.specialist(), work=numbered(12), bundle=4, mode="sequential")
    assert worker.peak == 1
    assert result["sync"][0]["seconds"] == pytest.approx(12, abs=0.1)


async def test_a_straggler_in_a_bundle_is_cut_and_its_neighbours_are_kept() -> None:
    worker = Worker()
    worker.seconds = {"b0004": 1000}
    policy = SyncPolicy(threshold=0.75, grace_s=2)
    result = await run(worker.specialist(), work=numbered(10), sync=policy, bundle=5)
    cut = {name: record for name, record in result["branches"].items() if record["status"] != "succeeded"}
    assert [(name, record["status"], record["release"]) for name, record in cut.items()] == [
        ("b0004", "cut", "grace_expired")
    ]
    assert cut["b0004"]["settled_s"] == pytest.approx(2, abs=0.01)
    assert (open_meetings(), abandoned(), worker.running) == (0, 0, 0)


async def test_a_branch_in_a_bundle_has_its_own_time() -> None:
    worker = Worker()
    worker.seconds = {"b0001": 1000, "b0002": 3}
    result = await run(worker.specialist(timeout_s=5, attempts=1), work=numbered(4), sync=SyncPolicy(), bundle=4)
    assert statuses(result)["b0001"] == "timed_out"
    assert result["branches"]["b0001"]["reason"] == "no answer within 5 s"
    assert statuses(result)["b0002"] == "succeeded"


async def test_branches_of_a_bundle_may_wait_for_each_other() -> None:
    worker = Worker()
    worker.seconds = {"b0000": 1}
    work = numbered(30)
    for before, item in itertools.pairwise(work):
        item["depends_on"] = [before["branch_id"]]
    graph = compiled(worker.specialist(), bundle=10, sync=PATIENT)
    result = await graph.ainvoke({"task": "x", "work": work}, {"max_concurrency": 1}, context=FIXED)
    assert set(statuses(result).values()) == {"succeeded"}
    assert result["branches"]["b0029"]["result"]["inputs"]["b0028"]["by"] == "b0028"


async def test_a_question_in_a_bundle_is_asked_in_a_fan_out_of_its_own_and_the_rest_is_kept() -> None:
    calls: Counter[str] = Counter()

    async def asks(branch: Branch) -> dict[str, Any]:
        calls[branch.branch_id] += 1
        if branch.branch_id in ("b0002", "b0007"):
            return {"answer": interrupt(f"{branch.branch_id}?")}
        return {"answer": "mine"}

    graph = compiled(Specialist("s", asks), bundle=5, saver=InMemorySaver())
    paused = await graph.ainvoke({"task": "x", "work": numbered(10)}, thread(), context=FIXED)
    questions = {question.value: question.id for question in paused["__interrupt__"]}
    assert sorted(questions) == ["b0002?", "b0007?"]
    half = await graph.ainvoke(Command(resume={questions["b0007?"]: 7}), thread(), context=FIXED)
    assert [question.value for question in half["__interrupt__"]] == ["b0002?"]
    result = await graph.ainvoke(Command(resume={questions["b0002?"]: 2}), thread(), context=FIXED)
    assert set(statuses(result).values()) == {"succeeded"}
    assert result["branches"]["b0007"]["result"] == {"answer": 7}
    assert result["branches"]["b0002"]["result"] == {"answer": 2}
    assert {name: count for name, count in calls.items() if name not in ("b0002", "b0007")} == dict.fromkeys(
        (f"b{n:04}" for n in range(10) if n not in (2, 7)), 1
    )


async def test_a_run_that_is_drained_keeps_what_its_bundles_have_done() -> None:
    worker = Worker()
    worker.seconds = {f"b{number:04}": 60.0 for number in range(5, 10)}
    graph = compiled(worker.specialist(), bundle=10, saver=InMemorySaver(), sync=PATIENT)
    control = RunControl()
    asyncio.get_running_loop().call_later(10, control.request_drain)
    with pytest.raises(GraphDrained):
        await graph.ainvoke({"task": "x", "work": numbered(10)}, thread(), context=FIXED, control=control)
    assert worker.running == 0
    result = await graph.ainvoke(None, thread(), context=FIXED)
    assert set(statuses(result).values()) == {"succeeded"}
    assert [worker.calls[f"b{n:04}"] for n in range(10)] == [1] * 5 + [2] * 5


async def test_cancelling_a_run_leaves_nothing_of_its_bundles_behind() -> None:
    worker = Worker()
    worker.seconds = {f"b{number:04}": 1000.0 for number in range(3, 10)}
    graph = compiled(worker.specialist(), bundle=5)
    running = asyncio.create_task(graph.ainvoke({"task": "x", "work": numbered(10)}, context=FIXED))
    await asyncio.sleep(5)
    assert worker.running == 7
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (worker.running, open_meetings(), abandoned()) == (0, 0, 0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_the_event_loop_gets_its_turn_between_many_quick_branches() -> None:
    ticks = 0

    async def spins(branch: Branch) -> str:
        until = time.thread_time() + 0.0002
        while time.thread_time() < until:
            pass
        return branch.branch_id

    async def ticking() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    async def both() -> list[int]:
        task = asyncio.create_task(ticking())
        graph = compiled(Specialist("s", spins), bundle=1000, merge="best")
        seen = []
        async for event in graph.astream({"work": numbered(1000)}, context=FIXED, stream_mode="custom"):
            seen.append(ticks)
            del event
        task.cancel()
        return seen

    seen = asyncio.run(both())  # a tick for each breath while one bundle of 0.2 s runs, and nothing else does
    assert seen[-1] - seen[0] > 10


@pytest.mark.parametrize("size", [0, -1, 1.5, "all", True])
def test_a_size_that_is_none_is_refused(size: Any) -> None:
    with pytest.raises(ConfigurationError, match="bundle"):
        build_workflow([Worker().specialist()], tuning=Tuning(bundle=size))


def test_sync_functions_travel_in_bundles_too() -> None:
    def doubled(branch: Branch) -> int:
        return 2 * int(branch.payload["n"])

    work = [{"branch_id": f"b{n}", "specialist": "s", "payload": {"n": n}} for n in range(60)]
    graph = compiled(Specialist("s", doubled), bundle=20, sync=PATIENT)
    result = asyncio.run(graph.ainvoke({"task": "x", "work": work}, context=FIXED))
    assert {name: record["result"] for name, record in result["branches"].items()} == {
        f"b{n}": 2 * n for n in range(60)
    }
