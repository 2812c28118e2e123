"""Several sync points in one workflow: each counts its own branches, decides for itself, and can be waited for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langgraph_quorum import SyncPolicy
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from tests.graphs.played import Play, decided, decision_of, item, play
from tests.graphs.running import FIXED, compiled, statuses, thread

pytestmark = pytest.mark.looptime

ALL = SyncPolicy(threshold=1.0, deadline_s=1000)
QUICK_OR_NOT = [item("a", 1), item("b", 2), item("slow", 30)]


def first(**settings: Any) -> SyncPolicy:
    """Counts a, b and slow; two of them are the quorum."""
    given: dict[str, Any] = {"threshold": 0.6, "grace_s": 1, **settings}
    return SyncPolicy(name="first", branches=("a", "b", "slow"), **given)


async def test_each_point_decides_by_its_own_policy_and_a_run_keeps_every_decision() -> None:
    work = [*QUICK_OR_NOT, item("c", 1), item("d", 9)]
    result = await play(Play(), work, [first(), SyncPolicy(name="second", threshold=1.0)])
    assert decided(result) == {("first", 0): "grace_expired", ("second", 0): "all_done"}
    decision = decision_of(result, "first")
    assert (decision["completed"], decision["remaining"]) == (["a", "b"], ["slow"])
    assert (decision["progress"], decision["status"]) == (pytest.approx(2 / 3), "conditional_proceed")
    assert decision["seconds"] == pytest.approx(3, abs=0.01)  # b makes the quorum at 2 s, and the grace is 1 s
    assert decision_of(result, "second")["completed"] == ["c", "d"]
    assert result["status"] == "approved"


async def test_a_branch_of_two_points_is_cut_only_when_both_have_released() -> None:
    second = SyncPolicy(name="second", branches=("slow", "c", "d"), threshold=0.6, grace_s=10)
    result = await play(Play(), [*QUICK_OR_NOT, item("c", 1), item("d", 2)], [first(), second])
    slow = result["branches"]["slow"]
    assert (slow["status"], slow["points"]) == ("cut", ["first", "second"])
    assert {point: round(missed["at_s"], 1) for point, missed in slow["missed"].items()} == {"first": 3, "second": 12}
    assert slow["settled_s"] == pytest.approx(12, abs=0.01)


async def test_a_branch_that_outlives_one_point_counts_for_the_other_with_its_result() -> None:
    second = SyncPolicy(name="second", branches=("slow", "c"), threshold=1.0)
    result = await play(Play(), [*QUICK_OR_NOT, item("c", 1)], [first(), second])
    assert statuses(result)["slow"] == "succeeded"
    assert list(result["branches"]["slow"]["missed"]) == ["first"]
    assert decision_of(result, "first")["remaining"] == ["slow"]
    assert decision_of(result, "second")["completed"] == ["slow", "c"]


async def test_a_branch_starts_when_its_point_releases_while_the_rest_of_the_fan_out_still_runs() -> None:
    stage = Play()
    work = [*QUICK_OR_NOT, item("next", 1, depends_on=["first"]), item("long", 50)]
    result = await play(stage, work, [first(), ALL])
    assert stage.starts("next") == [3.0]
    assert stage.inputs["next"] == {"first": {"a": "player", "b": "player"}}
    assert result["branches"]["long"]["settled_s"] == pytest.approx(50, abs=0.01)


async def test_points_form_stages_and_a_branch_may_wait_for_points_and_branches_together() -> None:
    stage = Play()
    points = [
        SyncPolicy(name="read", branches=("r1", "r2"), threshold=1.0),
        SyncPolicy(name="judged", branches=("j1", "j2"), threshold=1.0),
        ALL,
    ]
    work = [
        item("end", depends_on=["judged", "aside"]),
        item("j1", 1, depends_on=["read"]),
        item("j2", 2, depends_on=["read"]),
        item("r1", 1),
        item("r2", 3),
        item("aside", 7),
    ]
    await play(stage, work, points)
    assert (stage.starts("j1"), stage.starts("end")) == ([3.0], [7.0])
    assert stage.inputs["end"] == {"judged": {"j1": "player", "j2": "player"}, "aside": "player"}


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_no_limit_on_concurrency_lets_points_and_what_waits_for_them_lock_each_other_out(at_once: int) -> None:
    points = [
        SyncPolicy(name="one", branches=("a", "b"), threshold=1.0),
        SyncPolicy(name="two", branches=("b", "c", "after-one"), threshold=1.0),
        ALL,
    ]
    work = [
        item("end", depends_on=["two", "one"], priority="high"),
        item("after-one", depends_on=["one"], priority="high"),
        item("c", priority="low"),
        item("b"),
        item("a", priority="low"),
    ]
    result = await play(Play(), work, points, config={"max_concurrency": at_once})
    assert set(statuses(result).values()) == {"succeeded"}
    assert set(decided(result).values()) == {"all_done"}


async def test_under_a_concurrency_of_one_a_point_still_cuts_its_straggler_and_frees_the_way() -> None:
    stage = Play()
    work = [*QUICK_OR_NOT, item("next", 1, depends_on=["first"])]
    await play(stage, work, [first(), ALL], config={"max_concurrency": 1})
    # a until 1, b until 3: the quorum; slow is cut when the grace has run out
    assert (stage.starts("slow"), stage.starts("next")) == ([3.0], [4.0])


async def test_a_point_counts_all_branches_of_its_types_whoever_does_them() -> None:
    stage = Play()
    crew = [stage.player("fast", type="text"), stage.player("slow", type="text"), stage.player("maths", type="number")]
    work = [item("t1", 1, of="fast"), item("t2", 2, of="slow"), item("n1", 5, of="maths")]
    points = [SyncPolicy(name="texts", types=("text",), threshold=1.0), ALL]
    result = await play(stage, [*work, item("sum", of="maths", depends_on=["texts"])], points, crew=crew)
    assert decision_of(result, "texts")["completed"] == ["t1", "t2"]
    assert stage.starts("sum") == [2.0]


async def test_a_branch_that_goes_to_a_fallback_of_another_type_stays_with_its_points() -> None:
    stage = Play()
    crew = [stage.player("reader", type="text", fallback="spare"), stage.player("spare")]
    work = [item("t", 100, of="reader", then=1), item("sum", of="spare", depends_on=["texts"])]
    points = [SyncPolicy(name="texts", types=("text",), deadline_s=5), ALL]
    result = await play(stage, work, points, crew=crew)
    assert decided(result)["texts", 1] == "all_done"
    assert stage.inputs["sum"] == {"texts": {"t": "spare"}}


async def test_events_carry_the_progress_of_the_branchs_point() -> None:
    graph = compiled(Play().player(), sync=[first(), ALL])
    given = {"task": "x", "work": [*QUICK_OR_NOT, item("c", 9)]}
    events = [event async for event in graph.astream(given, stream_mode="custom", context=FIXED)]
    seen = {event["branch_id"]: event["sync"]["point"] for event in events}
    assert seen == {"a": "first", "b": "first", "slow": "first", "c": "main"}
    last = [event["sync"] for event in events if event["branch_id"] == "b"][-1]
    assert (last["good"], last["needed"], last["total"]) == (2, 2, 3)


# -- a run's own settings, questions, crashes --------------------------------------------------------------------------


async def test_a_runs_own_settings_apply_to_the_point_without_claims() -> None:
    graph = compiled(Play().player(), sync=[SyncPolicy(name="p", branches=("a", "b"), threshold=1.0), ALL])
    work = [item("a", 1), item("b", 4), item("c", 1), item("d", 60)]
    mine = replace(FIXED, threshold=0.5, grace_s=1.0)
    result = await graph.ainvoke({"task": "x", "work": work}, context=mine)
    assert statuses(result) == {"a": "succeeded", "b": "succeeded", "c": "succeeded", "d": "cut"}
    assert decision_of(result, "main")["seconds"] == pytest.approx(2, abs=0.01)
    assert decision_of(result, "p")["reason"] == "all_done"


async def test_after_an_answer_both_points_of_the_branch_that_asked_count_it() -> None:
    stage = Play()
    points = [
        SyncPolicy(name="one", branches=("a", "q"), threshold=1.0),
        SyncPolicy(name="two", branches=("b", "q"), threshold=0.5, grace_s=1),
        ALL,
    ]
    graph = compiled(stage.player(), sync=points, saver=InMemorySaver())
    work = [item("a", 1), item("b", 2), item("q", 8, asks=True), item("after", depends_on=["one"])]
    paused = await graph.ainvoke({"task": "x", "work": work}, thread(), context=FIXED)
    assert [question.value for question in paused["__interrupt__"]] == ["may q?"]
    assert open_meetings() == 0
    result = await graph.ainvoke(Command(resume="yes"), thread(), context=FIXED)
    assert set(statuses(result).values()) == {"succeeded"}
    assert stage.calls == {"a": 1, "b": 1, "q": 2, "after": 1}
    assert decision_of(result, "two")["completed"] == ["b", "q"]  # the answer was not too late for it


async def test_what_waits_for_a_point_that_lacks_an_answer_runs_when_the_answer_is_in() -> None:
    stage = Play()
    point = SyncPolicy(name="signed", branches=("a", "q"), must=("q",), threshold=0.5, grace_s=1)
    graph = compiled(stage.player(), sync=[point, SyncPolicy(threshold=0.1)], saver=InMemorySaver())
    work = [item("a", 1), item("q", 1, asks=True), item("after", depends_on=["signed"])]
    await graph.ainvoke({"task": "x", "work": work}, thread(), context=FIXED)
    assert stage.calls["after"] == 0
    result = await graph.ainvoke(Command(resume="yes"), thread(), context=FIXED)
    assert stage.inputs["after"] == {"signed": {"a": "player", "q": "yes"}}
    assert {round_number for _, round_number in decided(result)} == {0}  # not as a recovery from having been skipped


async def test_after_a_crash_each_point_goes_on_with_what_had_finished() -> None:
    stage, saver = Play(), InMemorySaver()
    points = [first(), SyncPolicy(name="second", branches=("slow", "c"), threshold=0.5, grace_s=20), ALL]
    graph = compiled(stage.player(), sync=points, saver=saver)
    work = [*QUICK_OR_NOT, item("c", 1), item("next", 9, depends_on=["first"])]
    running = asyncio.create_task(graph.ainvoke({"task": "x", "work": work}, thread(), context=FIXED))
    await asyncio.sleep(5)  # first has released, next is running
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    result = await graph.ainvoke(None, thread(), context=FIXED)
    assert stage.calls == {"a": 1, "b": 1, "c": 1, "slow": 2, "next": 2}
    assert stage.inputs["next"] == {"first": {"a": "player", "b": "player"}}
    assert decision_of(result, "first")["seconds"] == pytest.approx(1, abs=0.01)  # of the second process: the grace
    assert decision_of(result, "second")["seconds"] == pytest.approx(20, abs=0.01)
    assert statuses(result)["slow"] == "cut"
