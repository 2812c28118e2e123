"""When revising stops, why that is said, and what goes on after a crash."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.nodes.checking.budget import budget
from langgraph_quorum.nodes.checking.check import Checked, finding
from langgraph_quorum.nodes.validator import verdict_on
from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.revising import Writers, counts_faults, faults, lines, state_of
from tests.graphs.running import FIXED, compiled, run, thread

pytestmark = pytest.mark.looptime


async def test_it_stops_when_a_revision_improves_nothing() -> None:
    crew = Writers()
    state = await state_of(crew.writes("s", faults(count=2)), checks=(counts_faults,))
    assert crew.calls["s"] == 2
    assert state["load"]["why"].startswith("the last revision improved nothing: 2 findings")
    assert lines(state, "gave_up") == [state["load"]["why"]]


async def test_a_gain_too_small_to_matter_is_none() -> None:
    crew = Writers()
    state = await state_of(crew.scores("s", 0.5, 0.5004, 0.6))
    assert (crew.calls["s"], state["result"]["s"]["turn"]) == (2, 2)
    assert state["load"]["why"].startswith("the last revision improved nothing")


async def test_fewer_findings_are_an_improvement_also_when_the_quality_stays() -> None:
    crew = Writers()
    state = await state_of(crew.writes("s", *(faults(count=count) for count in (3, 2, 1, 0))), checks=(counts_faults,))
    assert (crew.calls["s"], state["verdict"]) == (4, "approved")


async def test_it_stops_after_three_rounds() -> None:
    crew = Writers()
    state = await state_of(crew.writes("s", *(faults(count=9 - turn) for turn in range(9))), checks=(counts_faults,))
    assert crew.calls["s"] == 4  # one and three rounds
    assert state["load"]["why"] == "all 3 rounds of redistribution are used up"


@pytest.mark.parametrize(
    ("bounded", "why"),
    [
        ({"checks": (counts_faults, budget(cost=5))}, "the budget is spent: cost 6, 5 were allowed"),
        ({"checks": (counts_faults, budget(attempts=1))}, "the budget is spent: attempts 2, 1 were allowed"),
        ({"checks": (counts_faults,), "recovery": RecoveryPolicy(cost=5)}, "the cost of 5 is used up"),
    ],
    ids=["a check of the cost", "a check of the attempts", "the policy"],
)
async def test_it_stops_when_the_budget_is_spent(bounded: dict[str, Any], why: str) -> None:
    crew = Writers()
    specialist = crew.writes("s", *(faults(count=9 - turn) for turn in range(9)), cost=3)
    state = await state_of(specialist, **bounded)
    assert crew.calls["s"] == 2
    assert state["load"]["why"] == why


async def test_what_a_revision_of_others_does_not_better_is_not_tried_a_third_time() -> None:
    crew = Writers()
    stubborn = crew.writes("stubborn", faults(count=1))
    learns = crew.writes("learns", *(faults(count=count) for count in (3, 2, 1, 0)))
    await state_of(stubborn, learns, checks=(counts_faults,))
    assert crew.calls == {"stubborn": 2, "learns": 4}


async def test_what_is_missing_is_tried_again_also_when_nothing_improves() -> None:
    crew = Writers()
    work = [{"branch_id": "a", "specialist": "a", "group": "x"}, {"branch_id": "b", "specialist": "b", "group": "y"}]
    down = crew.fails("b", ConnectionError("down"), attempts=1)
    weak = crew.writes("a", faults(count=1))
    result = await run(weak, down, work=work, checks=(counts_faults,), sync=SyncPolicy(threshold=0.5, deadline_s=1000))
    assert crew.calls == {"a": 2, "b": 4}
    assert result["status"] == "partial"


async def test_the_next_run_of_a_thread_begins_without_the_revision_of_the_one_before() -> None:
    crew = Writers()
    graph = compiled(crew.writes("s", faults(count=1)), saver=InMemorySaver(), checks=(counts_faults,))
    for runs in (1, 2):
        await graph.ainvoke({"task": "look"}, thread(), context=FIXED)
        assert crew.calls["s"] == 2 * runs
    assert [branch.guidance is None for branch in crew.branches] == [True, False, True, False]


async def test_large_texts_that_were_put_away_are_there_for_checks_and_for_who_does_better() -> None:
    crew, text, seen = Writers(), "x" * 1000, []

    async def reads(checked: Checked) -> list[CheckFinding]:
        seen.append((checked.value["s"]["text"], checked.branches["s"]["result"]["text"]))
        return [finding("reads", "too long", branches=["s"])] if len(seen) == 1 else []

    specialist = crew.writes("s", {"text": text})
    context = dataclasses.replace(FIXED, artifacts=MemoryArtifacts(), artifact_bytes=256)
    out = await compiled(specialist, checks=(reads,)).ainvoke({"task": "look"}, context=context)
    assert seen == [(text, text)] * 2
    assert crew.branches[1].guidance is not None
    assert crew.branches[1].guidance["previous"] == {"text": text}
    assert "artifact" in out["branches"]["s"]["result"]["text"]  # they stay away in what is kept


async def test_a_revision_that_was_cut_off_goes_on_and_is_held_against_what_stood_before() -> None:
    crew = Writers()
    graph = await _cut_off_while_revising(crew)
    out = await graph.ainvoke(None, thread(), context=FIXED)
    assert [branch.guidance is None for branch in crew.branches] == [True, False, False]
    assert out["result"] == {"s": faults(count=1)}


async def test_a_new_run_is_not_held_against_a_revision_that_an_earlier_run_did_not_end() -> None:
    graph = await _cut_off_while_revising(Writers())
    out = await graph.ainvoke({"task": "3"}, thread(), context=FIXED)
    assert out["result"] == {"s": faults(count=3)}


async def _cut_off_while_revising(crew: Writers) -> Any:
    """A workflow whose run was cut off in its first revision. Its results have one fault at first, and three then."""
    held = asyncio.Event()

    async def writes(branch: Branch) -> dict[str, Any]:
        crew.branches.append(branch)
        if branch.round:
            await held.wait()
        return faults(count=3 if branch.round or branch.task == "3" else 1)

    graph = compiled(Specialist("s", writes), saver=InMemorySaver(), checks=(counts_faults,))
    running = asyncio.create_task(graph.ainvoke({"task": "1"}, thread(), context=FIXED))
    await asyncio.sleep(5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    held.set()
    return graph


@pytest.mark.parametrize(
    ("severities", "asks", "verdict"),
    [
        ([], "never", "approved"),
        (["info", "warning"], "never", "approved"),
        (["error"], "never", "needs_revision"),
        (["error"], "unmet", "needs_revision"),
        (["error"], "always", "escalate"),
        (["error", "critical"], "always", "critical_failure"),
    ],
)
def test_the_verdict_follows_from_the_worst_finding(severities: list[Any], asks: Any, verdict: str) -> None:
    assert verdict_on([finding("c", "x", severity) for severity in severities], asks) == verdict
