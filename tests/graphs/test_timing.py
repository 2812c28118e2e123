"""When a branch starts, how long it is tried, and by whom: what a branch says for itself goes before its specialist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from langgraph_quorum import SyncPolicy
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.played import Play, decided, item, play
from tests.graphs.running import statuses

pytestmark = pytest.mark.looptime

ALL = SyncPolicy(threshold=1.0, deadline_s=1000)
PATIENT = SyncPolicy(threshold=1.0, deadline_s=5000)
NO_RECOVERY = RecoveryPolicy(rounds=0)


# -- when it starts ---------------------------------------------------------------------------------------------------


async def test_a_number_is_the_earliest_start_in_seconds_after_the_fan_out() -> None:
    stage = Play()
    result = await play(stage, [item("a"), item("late", not_before=5), item("now", not_before=0)], ALL)
    assert [stage.starts(name) for name in ("a", "late", "now")] == [[0.0], [5.0], [0.0]]
    assert result["branches"]["late"]["waited_s"] == pytest.approx(5, abs=0.01)


async def test_an_instant_is_kept_to_and_one_that_has_passed_delays_nothing() -> None:
    stage = Play()
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    await play(
        stage, [item("a"), item("soon", not_before=soon), item("past", not_before="2001-01-01T00:00:00Z")], PATIENT
    )
    assert stage.starts("soon") == [pytest.approx(300, rel=0.1)]  # less what this test has taken of the real clock
    assert stage.starts("past") == [0.0]


async def test_the_earliest_start_and_the_prerequisites_both_have_to_have_come() -> None:
    stage = Play()
    work = [
        item("a", 3),
        item("b", depends_on=["a"], not_before=1),
        item("c", depends_on=["a"], not_before=8),
    ]
    await play(stage, work, ALL)
    assert (stage.starts("b"), stage.starts("c")) == ([3.0], [8.0])


async def test_a_branch_that_is_not_due_takes_no_turn_from_the_others() -> None:
    stage = Play()
    work = [item("late", priority="high", not_before=10), item("a", 2), item("b", 2)]
    await play(stage, work, ALL, mode="sequential")
    assert [stage.starts(name) for name in ("a", "b", "late")] == [[0.0], [2.0], [10.0]]


async def test_a_start_after_the_deadline_is_out_of_time_and_says_so() -> None:
    stage = Play()
    result = await play(stage, [item("a"), item("late", not_before=60)], SyncPolicy(threshold=1.0, deadline_s=10))
    assert result["branches"]["late"]["reason"] == "still waiting for its turn at the sync point's deadline"
    assert statuses(result)["late"] == "timed_out"
    assert decided(result) == {("main", 0): "deadline_partial", ("main", 1): "deadline_partial"}
    assert (stage.calls["late"], result["status"]) == (0, "partial")


async def test_a_branch_that_is_not_due_is_cut_when_the_quorum_needs_no_more() -> None:
    work = [item("a"), item("b"), item("late", not_before=60)]
    result = await play(Play(), work, SyncPolicy(threshold=0.6, grace_s=2))
    assert result["branches"]["late"]["reason"] == "still waiting for its turn when enough good answers were in"
    assert result["branches"]["late"]["settled_s"] == pytest.approx(3, abs=0.01)


async def test_in_a_later_round_the_earliest_start_counts_from_that_fan_out() -> None:
    stage = Play()
    result = await play(stage, [item("a", not_before=4, fail=1)], ALL)
    assert [round(begun - stage.spans["a"][0][0], 1) for begun, _ in stage.spans["a"]] == [0.0, 5.0]
    assert result["branches"]["a"]["waited_s"] == pytest.approx(4, abs=0.01)


# -- how long it is tried ---------------------------------------------------------------------------------------------


async def test_a_branchs_own_time_goes_before_its_specialists() -> None:
    stage = Play()
    work = [item("short", 9, timeout_s=2), item("long", 9, timeout_s=20), item("usual", 9)]
    result = await play(stage, work, SyncPolicy(threshold=0.3), crew=[stage.player(timeout_s=5)], recovery=NO_RECOVERY)
    assert statuses(result) == {"short": "timed_out", "long": "succeeded", "usual": "timed_out"}
    assert result["branches"]["short"]["reason"] == "no answer within 2 s"
    assert result["branches"]["usual"]["seconds"] == pytest.approx(5, abs=0.01)


async def test_a_branchs_own_number_of_attempts_goes_before_its_specialists() -> None:
    stage = Play()
    work = [item("once", fail=9, attempts=1), item("often", fail=3, attempts=4), item("usual", fail=9)]
    crew = [stage.player(attempts=2, backoff_s=0.1)]
    result = await play(stage, work, SyncPolicy(threshold=0.3), crew=crew, recovery=NO_RECOVERY)
    assert stage.calls == {"once": 1, "often": 4, "usual": 2}
    assert {name: record["attempts"] for name, record in result["branches"].items()} == stage.calls
    assert statuses(result)["often"] == "succeeded"


async def test_a_branchs_own_hedge_starts_a_second_attempt_beside_a_slow_first_one() -> None:
    stage = Play()
    result = await play(stage, [item("hedged", 60, then=1, hedge_s=3), item("usual", 20, then=1)], ALL)
    assert result["branches"]["hedged"]["seconds"] == pytest.approx(4, abs=0.01)
    assert (stage.calls["hedged"], stage.calls["usual"]) == (2, 1)


async def test_a_branchs_own_fallback_takes_over_whatever_its_specialists_is() -> None:
    stage = Play()
    crew = [stage.player(fallback="spare"), stage.player("spare"), stage.player("expert")]
    work = [item("mine", 9, timeout_s=2, then=1, fallback="expert"), item("usual", 9, timeout_s=2, then=1)]
    result = await play(stage, work, ALL, crew=crew)
    assert {name: record["specialist"] for name, record in result["branches"].items()} == {
        "mine": "expert",
        "usual": "spare",
    }


async def test_a_branchs_own_time_holds_for_its_fallback_too() -> None:
    stage = Play()
    crew = [stage.player(), stage.player("spare", timeout_s=50)]
    work = [item("b", 9, timeout_s=2, fallback="spare")]
    result = await play(stage, work, SyncPolicy(threshold=0.1), crew=crew, recovery=NO_RECOVERY)
    assert result["branches"]["b"]["status"] == "timed_out"
    assert result["branches"]["b"]["seconds"] == pytest.approx(4, abs=0.01)


async def test_a_points_deadline_ends_a_branch_whose_own_time_is_longer() -> None:
    point = SyncPolicy(name="p", branches=("b", "c"), threshold=1.0, deadline_s=5)
    result = await play(
        Play(), [item("b", 50, timeout_s=100), item("c", 1), item("d", 20)], [point, ALL], recovery=NO_RECOVERY
    )
    assert result["branches"]["b"]["settled_s"] == pytest.approx(5, abs=0.01)
    assert statuses(result) == {"b": "timed_out", "c": "succeeded", "d": "succeeded"}


# -- wrong input ------------------------------------------------------------------------------------------------------


INSTANT = "give seconds from 0, or an instant with its zone, for instance '2030-01-31T08:00:00+00:00'"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"not_before": -1}, f"not_before=-1: {INSTANT}"),
        ({"not_before": "tomorrow"}, f"not_before='tomorrow': {INSTANT}"),
        ({"not_before": "2030-01-31T08:00:00"}, f"not_before='2030-01-31T08:00:00': {INSTANT}"),
        ({"timeout_s": 0}, "timeout_s=0: give seconds above 0"),
        ({"attempts": 0}, "attempts=0: give a whole number from 1"),
        ({"attempts": 1.5}, "attempts=1.5: give a whole number from 1"),
        ({"hedge_s": 0}, "hedge_s=0: give seconds above 0"),
        ({"fallback": "spar"}, "fallback='spar': there is no such specialist: did you mean 'spare'?"),
        ({"fallback": "player"}, "fallback='player': it falls back to itself: name another specialist"),
        ({"priority": "urgent"}, "priority='urgent': give high, normal or low"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_wrong_value_is_refused_by_branch_and_field_before_anything_starts(
    asked: dict[str, Any], message: str
) -> None:
    stage = Play()
    with pytest.raises(PlanError) as refused:
        await play(stage, [item("a"), item("b", **asked)], ALL, crew=[stage.player(), stage.player("spare")])
    assert str(refused.value) == f"branch 'b': {message}"
    assert not stage.calls
