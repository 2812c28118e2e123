"""What a sync point's decision says: its reason and figures, and how later rounds count what was done before."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum import SyncPolicy
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.played import Play, decided, decision_of, item, play
from tests.graphs.running import statuses

pytestmark = pytest.mark.looptime

ALL = SyncPolicy(threshold=1.0, deadline_s=1000)
NO_RECOVERY = RecoveryPolicy(rounds=0)
RECOVER, GO_ON = "timeout_recovery", "conditional_proceed"
PAIR = [item("a", 1), item("b", 9)]
BROKEN = [item("a", 2, broken=True), item("b", 9)]
PAIR_AND_SLOW = [item("a", 1), item("b", 2), item("slow", 30)]


def first(**settings: Any) -> SyncPolicy:
    """Counts a, b and slow; two of them are the quorum."""
    return SyncPolicy(name="first", branches=("a", "b", "slow"), **{"threshold": 0.6, "grace_s": 1, **settings})


@pytest.mark.parametrize(
    ("policy", "work", "expected"),
    [
        ({"threshold": 0.5}, [item("a", 1), item("b", 2)], ("all_done", "proceed", 1.0, 2.0)),
        ({}, [item("a", 1, broken=True), item("b", 2, broken=True)], ("all_failed", RECOVER, 0.0, 2.0)),
        ({"successes": 1, "grace_s": 0}, PAIR, ("quorum_met", GO_ON, 0.5, 1.0)),
        ({"threshold": 0.5, "grace_s": 3}, PAIR, ("grace_expired", GO_ON, 0.5, 4.0)),
        ({"until": lambda found: "a" in found}, PAIR, ("decisive", GO_ON, 0.5, 1.0)),
        ({"tolerate": 0}, BROKEN, ("too_many_failed", RECOVER, 0.0, 2.0)),
        ({"tolerate": 0.4}, BROKEN, ("too_many_failed", RECOVER, 0.0, 2.0)),
        ({"threshold": 1.0, "deadline_s": 5}, PAIR, ("deadline_partial", RECOVER, 0.5, 5.0)),
    ],
    ids=["all_done", "all_failed", "quorum_met", "grace_expired", "decisive", "count", "share", "deadline_partial"],
)
async def test_a_points_decision_carries_its_reason_with_the_figures(
    policy: dict[str, Any], work: list[dict[str, Any]], expected: tuple[str, str, float, float]
) -> None:
    reason, status, progress, seconds = expected
    point = SyncPolicy(name="p", branches=("a", "b"), **policy)
    result = await play(Play(), [*work, item("rest", 20)], [point, ALL], recovery=NO_RECOVERY)
    decision = decision_of(result, "p")
    assert (decision["reason"], decision["status"], decision["progress"]) == (reason, status, progress)
    assert decision["seconds"] == pytest.approx(seconds, abs=0.01)
    done = [name for name in ("a", "b") if statuses(result)[name] == "succeeded"]
    assert (decision["completed"], [*done, *decision["remaining"]]) == (done, ["a", "b"])
    assert decision_of(result, "main")["completed"] == ["rest"]


async def test_a_point_that_has_its_quorum_proceeds_although_more_failed_than_is_tolerated() -> None:
    point = SyncPolicy(threshold=0.5, grace_s=9, tolerate=0)
    result = await play(Play(), [item("a", 1), item("b", 2, broken=True), item("c", 1), item("d", 50)], point)
    decision = decision_of(result, "main")
    assert (decision["reason"], decision["status"]) == ("too_many_failed", "conditional_proceed")
    assert result["status"] == "approved"


async def test_the_timeline_says_what_each_point_decided() -> None:
    result = await play(Play(), [*PAIR_AND_SLOW, item("c", 9)], [first(successes=2), ALL])
    lines = {line["data"]["point"]: line["why"] for line in result["timeline"] if line["event"] == "decided"}
    assert lines == {
        "first": "2 of 3 succeeded after 3.00 s: the quorum was reached and the grace had run out",
        "main": "1 of 1 succeeded after 9.00 s: every branch had ended",
    }


# -- below the minimum ------------------------------------------------------------------------------------------------


async def test_what_waits_for_a_point_below_its_minimum_is_skipped() -> None:
    stage = Play()
    work = [item("a"), item("b", broken=True), item("slow", broken=True), item("next", depends_on=["first"])]
    result = await play(stage, work, [first(minimum=2), ALL], recovery=NO_RECOVERY)
    assert result["branches"]["next"]["reason"] == "its prerequisite first did not succeed"
    assert statuses(result)["next"] == "skipped"
    assert stage.calls["next"] == 0
    assert (result["status"], result["findings"][0]["severity"]) == ("failed", "critical")
    assert result["error"]["message"].startswith("sync point first: 1 of 3 branches succeeded, at least 2 must")


async def test_the_next_round_makes_up_for_the_minimum_and_then_runs_what_was_skipped() -> None:
    stage = Play()
    work = [item("a"), item("b", fail=1), item("slow", fail=1), item("next", depends_on=["first"])]
    result = await play(stage, [*work, item("last", depends_on=["next"])], [first(minimum=2), ALL])
    assert decided(result) == {
        ("first", 0): "all_done",
        ("main", 0): "all_failed",
        ("first", 1): "all_done",
        ("main", 1): "all_done",
    }
    assert stage.calls == {"a": 1, "b": 2, "slow": 2, "next": 1, "last": 1}
    assert stage.inputs["next"] == {"first": {"a": "player", "b": "player", "slow": "player"}}  # a is of round 0
    assert result["status"] == "approved"


async def test_a_branch_that_must_be_among_the_successes_holds_up_its_own_point_only() -> None:
    stage = Play()
    other = SyncPolicy(name="other", branches=("c", "d"), threshold=0.5, grace_s=0)
    work = [*PAIR_AND_SLOW, item("c", 1), item("d", 99), item("next", depends_on=["first"])]
    result = await play(stage, work, [first(must=("slow",)), other, ALL])
    assert decided(result)["other", 0] == "quorum_met"
    assert decision_of(result, "other")["seconds"] == pytest.approx(1, abs=0.01)
    assert stage.starts("next") == [30.0]


async def test_without_the_branch_that_must_be_there_dependents_are_skipped_and_the_run_fails() -> None:
    stage = Play()
    work = [item("a"), item("b"), item("slow", broken=True), item("next", depends_on=["first"])]
    result = await play(stage, work, [first(must=("slow",)), SyncPolicy(threshold=0.1)])
    assert statuses(result)["next"] == "skipped"
    assert result["error"]["message"].startswith("sync point first: slow must succeed and did not (slow: broken)")


# -- later rounds -----------------------------------------------------------------------------------------------------


async def test_a_redo_asks_of_a_point_only_what_it_still_lacks() -> None:
    work = [item("a"), item("b", fail=1), item("c", fail=1), item("d", 99, fail=9)]
    result = await play(Play(), work, SyncPolicy(successes=3, deadline_s=5, grace_s=0))
    again = decision_of(result, "main", 1)
    assert (again["reason"], again["completed"], again["remaining"]) == ("quorum_met", ["b", "c"], ["d"])
    assert again["seconds"] == pytest.approx(1, abs=0.01)


async def test_a_point_that_has_enough_is_not_held_up_by_the_recovery_of_another() -> None:
    stage = Play()
    second = SyncPolicy(name="second", branches=("c", "top"), threshold=1.0)
    work = [item("c", 1, fail=1), item("base", 1, fail=1), item("x", 2), item("top", depends_on=["base"])]
    result = await play(stage, [*PAIR_AND_SLOW, *work], [first(), second, SyncPolicy(threshold=0.5)])
    assert decided(result) == {
        ("first", 0): "grace_expired",
        ("second", 0): "all_failed",
        ("main", 0): "all_done",
        ("second", 1): "all_done",
        ("main", 1): "all_done",
    }
    # slow is not missed by anybody; base is, because top waits for it
    assert stage.calls == {"a": 1, "b": 1, "slow": 1, "c": 2, "base": 2, "x": 1, "top": 1}
    assert (result["status"], statuses(result)["slow"]) == ("approved", "cut")


async def test_a_later_round_that_comes_to_nothing_does_not_undo_a_quorum() -> None:
    work = [item("a", group="x"), item("b", group="y", fail=9), item("c", group="x")]
    result = await play(Play(), work, SyncPolicy(threshold=0.6))
    assert [(one["reason"], one["status"]) for one in result["sync"]] == [
        ("all_done", "proceed"),
        *[("all_failed", "proceed")] * 3,  # redone for the coverage of y, and the quorum still stands
    ]
    assert result["status"] == "partial"


async def test_a_result_kept_from_an_earlier_round_does_not_carry_that_rounds_reason_into_this_one() -> None:
    stage = Play()
    weak = {"confidence": 0.5}
    second = SyncPolicy(name="second", branches=("a",), threshold=1.0)
    point = SyncPolicy(name="point", branches=("a", "b"), threshold=0.5, grace_s=0)
    result = await play(stage, [item("a", 3, answer=weak), item("b", 1)], [point, second])
    assert decided(result) == {
        ("point", 0): "quorum_met",
        ("second", 0): "all_done",
        ("point", 1): "all_done",
        ("second", 1): "all_done",
    }
    assert stage.calls["a"] == 2
    assert decision_of(result, "point", 0)["remaining"] == ["a"]
    assert decision_of(result, "point", 1)["completed"] == ["a"]
