"""Work of a fan-out that says more than its payload: order, conditions, limits, and what travels together."""

from __future__ import annotations

import asyncio
import operator
from typing import Annotated, Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from langgraph_quorum import QuorumBranches, SyncPolicy, fan_out, quorum_branch
from tests.graphs.quorums import Calls, graph_of
from tests.graphs.running import PATIENT, statuses, thread

pytestmark = pytest.mark.looptime


async def test_a_branch_gets_the_updates_of_those_it_depends_on() -> None:
    async def worker(state: Any) -> dict[str, Any]:
        return {"done": [state.get("name"), state.get("inputs")]}

    branch = quorum_branch(worker, [SyncPolicy(name="early", branches=("a",)), SyncPolicy()], name="worker")
    work: Any = [
        {"branch_id": "late", "payload": {"name": "late"}, "depends_on": ["a", "early"]},
        {"branch_id": "a", "payload": {"name": "a"}},
    ]
    result = await graph_of(branch, lambda _: fan_out(branch, work=work)).ainvoke({})
    update = {"done": ["a", None]}
    assert result["done"] == ["a", None, "late", {"a": update, "early": {"a": update}}]
    assert result["branches"]["worker/a"]["result"] == update
    assert result["branches"]["worker/late"]["result"] is None


async def test_a_branch_whose_prerequisite_failed_or_whose_condition_said_no_is_skipped() -> None:
    async def worker(state: Any) -> dict[str, Any]:
        if state["name"] == "bad":
            raise ValueError
        return {"done": [state["name"]]}

    branch = quorum_branch(
        worker,
        SyncPolicy(threshold=0.3),
        name="worker",
        conditions={"wanted": lambda inputs: "x" in inputs["a"]["done"]},
    )
    work: Any = [
        {"branch_id": "a", "payload": {"name": "a"}},
        {"branch_id": "bad", "payload": {"name": "bad"}},
        {"branch_id": "after", "payload": {"name": "after"}, "depends_on": ["bad"]},
        {"branch_id": "maybe", "payload": {"name": "maybe"}, "depends_on": ["a"], "when": "wanted"},
    ]
    result = await graph_of(branch, lambda _: fan_out(branch, work=work)).ainvoke({})
    assert result["done"] == ["a"]
    assert statuses(result) == {
        "worker/a": "succeeded",
        "worker/after": "skipped",
        "worker/bad": "failed",
        "worker/maybe": "skipped",
    }
    assert result["branches"]["worker/maybe"]["excused"]


async def test_work_says_when_a_branch_may_start_and_how_long_it_is_tried() -> None:
    branch = quorum_branch(Calls().sleeps, PATIENT, name="worker", capacities={"seats": 1})
    work: Any = [
        {"payload": {"name": "a", "seconds": 5}, "not_before": 10},
        {"payload": {"name": "b", "seconds": 100}, "timeout_s": 3, "attempts": 1},
        {"payload": {"name": "c", "seconds": 4}, "resources": {"seats": 1}},
        {"payload": {"name": "d", "seconds": 4}, "resources": {"seats": 1}, "priority": "high"},
    ]
    records = (await graph_of(branch, lambda _: fan_out(branch, work=work)).ainvoke({}))["branches"]
    ended = {name: (one["status"], one["settled_s"]) for name, one in records.items()}
    assert ended == {
        "worker/0": ("succeeded", pytest.approx(15, abs=0.01)),
        "worker/1": ("timed_out", pytest.approx(3, abs=0.01)),
        "worker/2": ("succeeded", pytest.approx(8, abs=0.01)),
        "worker/3": ("succeeded", pytest.approx(4, abs=0.01)),
    }


class Sum(QuorumBranches, total=False):
    done: Annotated[list[Any], operator.add]
    latest: Annotated[str, lambda old, new: f"{old}{new}"]


@pytest.mark.parametrize("bundle", [3, "auto", None])
async def test_updates_of_branches_that_travel_together_pass_the_reducers_one_by_one(bundle: Any) -> None:
    async def worker(state: int) -> Any:
        await asyncio.sleep(10 - state)
        return {"done": [state], "latest": str(state)}

    branch = quorum_branch(worker, PATIENT, name="worker")
    graph = graph_of(branch, lambda _: fan_out(branch, range(10), bundle=bundle), schema=Sum)
    result = await graph.ainvoke({})
    assert result["done"] == list(range(10))
    assert result["latest"] == "0123456789"


async def test_a_bundle_makes_one_task_of_many_branches_and_a_failure_stays_one() -> None:
    tasks: set[str] = set()

    async def worker(state: int, runtime: Runtime[Any]) -> Any:
        tasks.add(runtime.execution_info.task_id)  # type: ignore[union-attr]
        if state == 3:
            raise ValueError
        return Command(update={"done": [state]})

    branch = quorum_branch(worker, SyncPolicy(threshold=0.5), name="worker")
    result = await graph_of(branch, lambda _: fan_out(branch, range(10), bundle=5)).ainvoke({})
    assert result["done"] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert len(tasks) == 2


async def test_a_question_in_a_bundle_fails_its_branch_and_says_so() -> None:
    async def worker(state: int) -> dict[str, Any]:
        return {"done": [interrupt("may I?") if state == 1 else state]}

    branch = quorum_branch(worker, PATIENT, name="worker")
    graph = graph_of(branch, lambda _: fan_out(branch, range(3), bundle=3), saver=InMemorySaver())
    result = await graph.ainvoke({}, thread())
    assert result["done"] == [0, 2]
    assert result["branches"]["worker/1"]["reason"].endswith("leave 'bundle' out of fan_out")
