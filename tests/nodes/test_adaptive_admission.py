"""How many may run at once where it is measured: the limit grows, stays, steps back, and never falls below one."""

from __future__ import annotations

import math

from langgraph_quorum.nodes.branching.admission import Admission
from langgraph_quorum.nodes.branching.ticket import Ticket
from langgraph_quorum.nodes.planning.adaptive import STILL_GAPS, STILL_MOST_S, STILL_S, AdaptiveLimit
from tests.nodes.tickets import names, queued
from tests.nodes.waves import wave


def after(limit: AdaptiveLimit, count: int, per_second: float, *, succeeded: bool = True) -> AdaptiveLimit:
    """The limit after that many endings, evenly spaced."""
    start = limit.opened_at
    for number in range(1, count + 1):
        limit = limit.observe(succeeded=succeeded, now=start + number / per_second)
    return limit


def test_the_adaptive_limit_doubles_while_throughput_grows_and_stops_at_the_ceiling() -> None:
    limit = after(AdaptiveLimit(3, 20, 0.0), 3, per_second=10)
    assert limit.limit == 6  # the first window has nothing to compare with
    limit = after(limit, 6, per_second=20)
    assert limit.limit == 12
    assert after(limit, 12, per_second=40).limit == 20


def test_the_adaptive_limit_stays_where_throughput_does_not_grow_and_steps_back_where_it_falls() -> None:
    limit = after(AdaptiveLimit(4, 100, 0.0), 4, per_second=10)  # 8, at 10/s
    limit = after(limit, 8, per_second=10.2)  # 10.2 < 1.05 * 10
    assert (limit.limit, limit.slow_start) == (8, False)
    limit = after(limit, 8, per_second=9)  # 9 < 0.9 * 10.2 = 9.18
    assert limit.limit == 7
    assert after(limit, 7, per_second=12).limit == 8  # no longer doubling


def test_the_adaptive_limit_halves_on_failures_and_never_falls_below_one() -> None:
    limit = after(AdaptiveLimit(4, 100, 0.0), 4, per_second=10, succeeded=False)
    assert limit.limit == 2
    for _ in range(3):
        limit = after(limit, limit.limit, per_second=10, succeeded=False)
    assert limit.limit == 1


def test_an_adaptive_limit_that_is_reached_grows_by_one_while_nothing_ends() -> None:
    admission = queued(
        Admission(wave(mode="adaptive", at_once=3, ceiling=5), 0.0),
        *[Ticket(f"t{number}", number) for number in range(20)],
    )
    assert len(admission.admit(0.0)) == 3
    assert admission.grows_at == STILL_S
    assert admission.admit(STILL_S / 2) == []
    assert len(admission.admit(STILL_S)) == 1
    admission.ended("t0", "failed", now=1.5 * STILL_S)  # something happens
    assert len(admission.admit(1.5 * STILL_S)) == 1
    patience = STILL_GAPS * 1.5 * STILL_S  # one ending in 1.5 STILL_S is all that was measured
    assert admission.grows_at == 1.5 * STILL_S + patience
    admission.admit(1.5 * STILL_S + patience)
    assert (admission.limit, admission.grows_at) == (5, math.inf)  # the ceiling


def test_a_limit_that_keeps_nobody_waiting_stays() -> None:
    admission = queued(Admission(wave(mode="adaptive", at_once=3, ceiling=10), 0.0), Ticket("a", 0), Ticket("b", 1))
    admission.admit(0.0)
    assert admission.grows_at == math.inf
    fixed = queued(Admission(wave(mode="parallel", at_once=1, ceiling=1), 0.0), Ticket("a", 0), Ticket("b", 1))
    fixed.admit(0.0)
    assert fixed.grows_at == math.inf


def test_after_failures_it_grows_by_one_while_nothing_ends() -> None:
    limit = after(AdaptiveLimit(4, 100, 0.0), 4, per_second=10, succeeded=False)
    assert limit.stood_still().limit == 3


def test_it_stays_near_what_a_service_can_bear_that_slows_down_under_more() -> None:
    admission = Admission(wave(mode="adaptive", at_once=3, ceiling=64), 0.0)
    queued(admission, *[Ticket(f"t{number}", number) for number in range(200)])
    left, now, highest = dict.fromkeys(names(admission.admit(0.0)), 1.0), 0.0, 3
    while left:
        speed = 1.25 * min(1, 8 / len(left)) ** 2  # of each: 0.8 s with up to eight at once, 13 s with 32
        first = min(left, key=left.__getitem__)
        ends_at = now + left[first] / speed
        until = min(admission.grows_at, ends_at)
        left = {name: rest - speed * (until - now) for name, rest in left.items()}
        now = until
        if until == ends_at:
            del left[first]
            admission.ended(first, "succeeded", now=now)
        left |= dict.fromkeys(names(admission.admit(now)), 1.0)
        highest = max(highest, admission.limit)
    assert highest < 32


def test_each_growth_without_an_ending_takes_longer_than_the_one_before_and_never_too_long() -> None:
    limit = AdaptiveLimit(3, 100, 0.0)
    assert [limit.patience_s(0.0), limit.stood_still().patience_s(0.0)] == [STILL_S, 2 * STILL_S]
    assert after(limit, 1, per_second=0.01).patience_s(100.0) == STILL_MOST_S


def test_where_all_fail_slowly_no_growth_while_nothing_ends_makes_up_for_it() -> None:
    admission = Admission(wave(mode="adaptive", at_once=3, ceiling=64), 0.0)
    queued(admission, *[Ticket(f"t{number}", number) for number in range(200)])
    running, now, fails_at = names(admission.admit(0.0)), 0.0, 0.0
    for _ in range(40):
        fails_at += 1.2 * STILL_S
        while (now := min(admission.grows_at, fails_at)) < fails_at:
            running += names(admission.admit(now))
        admission.ended(running.pop(0), "failed", now=fails_at)
        running += names(admission.admit(fails_at))
    assert admission.limit == 1


def test_adaptive_admission_grows_with_what_is_measured_and_parallel_does_not() -> None:
    for mode, expected in (("adaptive", 6), ("parallel", 3)):
        admission = Admission(wave(mode=mode, at_once=3, ceiling=1000), 0.0)  # type: ignore[arg-type]
        queued(admission, *[Ticket(f"t{number}", number) for number in range(20)])
        for ticket in admission.admit(0.0):
            admission.ended(ticket.branch_id, "succeeded", now=1.0)
        assert admission.limit == expected
        assert len(admission.admit(0.0)) == expected
