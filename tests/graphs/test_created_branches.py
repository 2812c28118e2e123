"""A branch that a result has created is mended, cut, asked and taken up after a crash like any other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

from langgraph_quorum import Answer, Branch, GrowthPolicy, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.growing import Crawler, growing, grown, item
from tests.graphs.running import FIXED, PATIENT, statuses, thread

pytestmark = pytest.mark.looptime


async def test_a_created_branch_that_fails_is_mended_like_any_other() -> None:
    crew = Crawler()
    crowd = [
        crew.grows("s", {"r": [item("a", "shaky"), item("b")]}),
        crew.fails("shaky", ConnectionError(), times=1, attempts=1),
    ]
    result = await grown(*crowd, work=[item("r")])
    assert set(statuses(result).values()) == {"succeeded"}
    assert crew.calls == {"r": 1, "r/a": 2, "r/b": 1}


async def test_a_weak_result_that_is_redone_does_not_create_its_branches_again() -> None:
    crew = Crawler()

    async def improves(branch: Branch) -> Answer:
        crew._note(branch)
        confidence = 0.9 if branch.round or branch.branch_id != "r" else 0.3
        asked: Any = [item("a"), *([item("b")] if branch.round else [])] if branch.branch_id == "r" else []
        return Answer({"confidence": confidence}, work=asked)

    result = await grown(Specialist("s", improves), work=[item("r")])
    # "a" came with the weak result; the better one asks for it, too, and for one more.
    assert crew.calls == {"r": 2, "r/a": 1, "r/b": 1}
    assert result["status"] == "approved"


async def test_a_failed_branch_is_not_redone_because_growth_was_refused() -> None:
    crew = Crawler()
    policy = SyncPolicy(threshold=0.5, deadline_s=100)
    crowd = [crew.grows("s", {"r": [item("a")]}), crew.fails("down", ConnectionError(), attempts=1)]
    work = [item("r"), item("q"), item("d", "down")]
    result = await grown(*crowd, work=work, sync=policy, growth=GrowthPolicy(branches=0))
    assert (crew.calls["d"], result["status"]) == (1, "partial")  # two of three are the quorum


async def test_a_late_result_creates_branches_too() -> None:
    crew = Crawler()

    async def scored(branch: Branch) -> dict[str, Any]:
        await asyncio.sleep(1 + 10 * branch.round)
        return {"confidence": 0.9 if branch.round else 0.3}

    policy = SyncPolicy(threshold=0.5, grace_s=1, deadline_s=60, on_straggler="harvest")
    crowd = [crew.grows("s", {"late": [item("a")]}, seconds=6), Specialist("weak", scored)]
    result = await grown(*crowd, work=[item("late"), item("weak", "weak")], sync=policy)
    assert statuses(result) == dict.fromkeys(["late", "late/a", "weak"], "succeeded")
    assert crew.calls == {"late": 1, "late/a": 1}


@pytest.mark.parametrize("after_s", [0.5, 1.5, 2.5])
async def test_after_a_crash_nothing_grows_twice(after_s: float) -> None:
    crew, saver = Crawler(), InMemorySaver()
    tree = {"r": [item("a"), item("b")], "r/a": [item("c")]}

    def graph() -> Any:
        return growing(crew.grows("s", tree), saver=saver)

    running = asyncio.create_task(graph().ainvoke({"task": "x", "work": [item("r")]}, thread(), context=FIXED))
    await asyncio.sleep(after_s)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    result = await graph().ainvoke(None, thread(), context=FIXED)
    assert statuses(result) == dict.fromkeys(["r", "r/a", "r/a/c", "r/b"], "succeeded")
    begun_twice = {0.5: {"r"}, 1.5: {"r/a", "r/b"}, 2.5: {"r/a/c"}}[after_s]
    assert {name for name, calls in crew.calls.items() if calls == 2} == begun_twice
    assert result["status"] == "approved"


async def test_a_created_branch_may_ask_a_human() -> None:
    crew, saver = Crawler(), InMemorySaver()

    async def asks(branch: Branch) -> Any:
        return interrupt(f"may {branch.branch_id}?")

    graph = growing(crew.grows("s", {"r": [item("a", "asks"), item("b")]}), Specialist("asks", asks), saver=saver)
    paused = await graph.ainvoke({"task": "x", "work": [item("r")]}, thread(), context=FIXED)
    (question,) = paused["__interrupt__"]
    assert question.value == "may r/a?"
    result = await graph.ainvoke(Command(resume={question.id: "yes"}), thread(), context=FIXED)
    assert (result["result"]["r/a"], crew.calls) == ("yes", {"r": 1, "r/b": 1})


async def test_a_created_branch_that_depends_on_a_parked_one_is_parked_with_it() -> None:
    crew, saver = Crawler(), InMemorySaver()

    async def asks(branch: Branch) -> Any:
        return interrupt(f"may {branch.branch_id}?")

    policy = SyncPolicy(threshold=1.0, deadline_s=100, on_question="park")
    tree = {"r": [item("a", depends_on=["asked"]), item("b")]}
    mends = RecoveryPolicy(rounds=0)
    graph = growing(crew.grows("s", tree), Specialist("asks", asks), saver=saver, sync=policy, recovery=mends)
    paused = await graph.ainvoke({"task": "x", "work": [item("r"), item("asked", "asks")]}, thread(), context=FIXED)
    assert crew.calls == {"r": 1, "r/b": 1}
    (question,) = paused["__interrupt__"]
    result = await graph.ainvoke(Command(resume={question.id: "yes"}), thread(), context=FIXED)
    assert result["result"]["r/a"]["inputs"] == {"asked": "yes"}
    assert (crew.calls, result["status"]) == ({"r": 1, "r/b": 1, "r/a": 1}, "approved")


async def test_many_created_branches_travel_in_bundles() -> None:
    crew = Crawler()
    crowd = [crew.grows("s", {"r": [item(str(number)) for number in range(500)]}, seconds=0)]
    graph: Any = build_workflow(crowd, PATIENT, "merge_all", "parallel", Tuning(bundle=50)).compile()
    result = await graph.ainvoke({"task": "x", "work": [item("r")]}, context=FIXED)
    assert (len(result["branches"]), result["status"]) == (501, "approved")
    assert set(crew.calls.values()) == {1}
