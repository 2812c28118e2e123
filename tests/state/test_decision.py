"""The sync point's rule: what has arrived, what time it is, and therefore wait or release."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.state.decision import Arrivals, Release, Wait, decide, is_good
from langgraph_quorum.state.sync_policy import SyncPolicy
from tests.state.written import record

POLICY = SyncPolicy(threshold=0.75, grace_s=5, deadline_s=120)


def arrived(good: int, settled: int | None = None, *, total: int = 4, quorum_at: float | None = None) -> Arrivals:
    settled = good if settled is None else settled
    return Arrivals(total=total, good=good, settled=settled, succeeded=good, opened_at=100.0, quorum_at=quorum_at)


def test_it_waits_for_the_deadline_while_the_quorum_is_not_reached() -> None:
    assert decide(POLICY, arrived(2), now=101.0) == Wait(220.0)  # 100 + 120


def test_it_gives_stragglers_the_grace_once_the_quorum_is_reached() -> None:
    assert decide(POLICY, arrived(3, quorum_at=103.0), now=103.0) == Wait(108.0)  # 103 + 5
    assert decide(POLICY, arrived(3, quorum_at=103.0), now=108.0) == Release("grace_expired")


def test_it_moves_on_at_once_without_a_grace() -> None:
    assert decide(SyncPolicy(grace_s=0), arrived(3, quorum_at=103.0), now=103.0) == Release("quorum_met")


def test_the_deadline_ends_a_grace_that_would_outlast_it() -> None:
    late = arrived(3, quorum_at=218.0)
    assert decide(POLICY, late, now=218.0) == Wait(220.0)  # min(218 + 5, 100 + 120)
    assert decide(POLICY, late, now=220.0) == Release("grace_expired")


def test_it_moves_on_with_what_there_is_at_the_deadline() -> None:
    assert decide(POLICY, arrived(2), now=220.0) == Release("deadline_partial")


def test_nothing_is_waited_for_when_every_branch_has_ended() -> None:
    assert decide(POLICY, arrived(1, settled=4), now=100.1) == Release("all_done")
    assert decide(POLICY, arrived(0, settled=4), now=100.1) == Release("all_failed")


def test_without_a_deadline_it_waits_for_ever() -> None:
    assert decide(SyncPolicy(deadline_s=math.inf), arrived(2), now=1e12) == Wait(math.inf)


def test_a_success_below_the_minimum_quality_is_no_good_answer_but_an_unscored_one_is() -> None:
    picky = SyncPolicy(min_quality=0.6)
    scored = [record("a", score=score, result="said") for score in (0.59, 0.6, None)]
    assert [is_good(picky, one) for one in scored] == [False, True, True]
    assert not is_good(picky, record("a", "failed"))


def test_nothing_is_no_good_answer_where_a_minimum_quality_is_asked_for_unless_a_scorer_says_so() -> None:
    picky = SyncPolicy(min_quality=0.6)
    assert not is_good(picky, record("a", result=None))
    assert is_good(picky, record("a", score=0.9, result=None))
    assert is_good(SyncPolicy(), record("a", result=None))  # without one, having done it is enough


def test_a_decisive_answer_ends_the_wait_whatever_is_still_running() -> None:
    early = Arrivals(total=4, good=1, settled=1, succeeded=1, opened_at=100.0, decisive=True)
    assert decide(POLICY, early, now=100.5) == Release("decisive")


def test_it_stops_waiting_once_more_has_failed_than_is_tolerated() -> None:
    def failed(count: int) -> Arrivals:
        return Arrivals(total=4, good=0, settled=count, succeeded=0, opened_at=100.0, failed=count)

    strict = SyncPolicy(tolerate=0.25, deadline_s=120)
    assert decide(strict, failed(1), now=101.0) == Wait(220.0)  # 0.25 * 4 = 1 is put up with
    assert decide(strict, failed(2), now=101.0) == Release("too_many_failed")


def test_a_fan_out_whose_branches_were_all_excused_is_done() -> None:
    nothing = Arrivals(total=0, good=0, settled=0, succeeded=0, opened_at=100.0)
    assert decide(POLICY, nothing, now=100.0) == Release("all_done")


arrivals = st.builds(
    lambda total, good, bad, quorum_after: Arrivals(
        total=total,
        good=min(good, total),
        settled=min(good + bad, total),
        succeeded=min(good, total),
        opened_at=0.0,
        quorum_at=quorum_after if min(good, total) >= POLICY.needed(total) else None,
    ),
    total=st.integers(1, 50),
    good=st.integers(0, 50),
    bad=st.integers(0, 50),
    quorum_after=st.floats(0, 200),
)
moments = st.floats(0, 500)


@given(arrivals, moments, moments)
def test_time_only_ever_moves_it_from_wait_to_release(known: Arrivals, one: float, other: float) -> None:
    earlier, later = sorted((one, other))
    first = decide(POLICY, known, earlier)
    if isinstance(first, Release):
        assert decide(POLICY, known, later) == first


@given(arrivals, moments)
def test_below_the_quorum_only_the_deadline_or_the_last_ending_releases(known: Arrivals, now: float) -> None:
    if known.quorum_at is None and known.settled < known.total and now < POLICY.deadline_s:
        assert decide(POLICY, known, now) == Wait(POLICY.deadline_s)


@given(arrivals, moments)
def test_whoever_waits_until_the_named_moment_is_released_then(known: Arrivals, now: float) -> None:
    decision = decide(POLICY, known, now)
    if isinstance(decision, Wait):
        assert decision.until > now
        assert isinstance(decide(POLICY, known, decision.until), Release)
