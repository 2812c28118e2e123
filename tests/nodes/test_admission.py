"""Whose turn it is: never more than allowed, prerequisites first, and never a deadlock."""

from __future__ import annotations

import math
from random import Random
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.nodes.branching.admission import Admission
from langgraph_quorum.nodes.branching.ticket import Ending, Ticket
from langgraph_quorum.nodes.planning.adaptive import STILL_GAPS, STILL_MOST_S, STILL_S, AdaptiveLimit
from tests.nodes.waves import wave


def names(tickets: list[Ticket]) -> list[str]:
    return [ticket.branch_id for ticket in tickets]


def queued(admission: Admission, *tickets: Ticket) -> Admission:
    for ticket in tickets:
        admission.queue(ticket)
    return admission


def test_no_more_run_than_the_limit_and_the_earliest_go_first() -> None:
    admission = Admission(wave(mode="sequential", at_once=2), 0.0)
    queued(admission, Ticket("c", 3), Ticket("a", 1), Ticket("b", 2))
    assert names(admission.admit(0.0)) == ["a", "b"]
    assert admission.admit(0.0) == []
    admission.ended("a", "succeeded", now=1.0)
    assert names(admission.admit(0.0)) == ["c"]


def test_work_that_only_waits_is_not_held_up_by_a_lack_of_cpu() -> None:
    admission = Admission(wave(cpu_at_once=1), 0.0)
    queued(admission, Ticket("cpu1", 0, cpu=1), Ticket("cpu2", 1, cpu=1), Ticket("io1", 2), Ticket("io2", 3))
    assert names(admission.admit(0.0)) == ["cpu1", "io1", "io2"]


def test_one_that_asks_for_more_cores_than_there_are_runs_alone() -> None:
    admission = Admission(wave(cpu_at_once=2), 0.0)
    queued(admission, Ticket("small", 0, cpu=1), Ticket("huge", 1, cpu=8), Ticket("next", 2, cpu=1))
    assert names(admission.admit(0.0)) == ["small"]
    admission.ended("small", "succeeded", now=1.0)
    assert names(admission.admit(0.0)) == ["huge"]
    admission.ended("huge", "succeeded", now=2.0)
    assert names(admission.admit(0.0)) == ["next"]


def test_parts_of_cores_add_up_without_drift() -> None:
    admission = Admission(wave(cpu_at_once=0.3), 0.0)
    queued(admission, *[Ticket(f"t{number}", number, cpu=0.1) for number in range(3)], Ticket("huge", 9, cpu=5))
    assert len(admission.admit(0.0)) == 3  # 0.1 + 0.1 + 0.1 is 0.30000000000000004 in floating point
    for number in range(3):
        admission.ended(f"t{number}", "succeeded", now=1.0)
    assert names(admission.admit(0.0)) == ["huge"]  # 0.3 - 0.1 - 0.1 - 0.1 is not 0 in floating point


def test_a_branch_whose_prerequisite_failed_is_handed_out_to_be_skipped_and_takes_no_turn() -> None:
    admission = Admission(wave(mode="sequential", at_once=1), 0.0)
    queued(admission, Ticket("a", 0), Ticket("b", 1, waits_for={"a"}), Ticket("c", 2, waits_for={"b"}))
    admission.admit(0.0)
    admission.ended("a", "failed", now=1.0)
    assert [(ticket.branch_id, ticket.missing) for ticket in admission.admit(0.0)] == [("b", "a")]
    admission.ended("b", "failed", now=1.0)
    assert [(ticket.branch_id, ticket.missing) for ticket in admission.admit(0.0)] == [("c", "b")]
    assert admission.running == 0


def test_a_result_from_an_earlier_round_stands_in_for_a_prerequisite_that_fails_now() -> None:
    admission = Admission(wave(), 0.0)
    queued(admission, Ticket("a", 0), Ticket("b", 1, waits_for={"a"}, held=frozenset({"a"})))
    admission.admit(0.0)
    admission.ended("a", "failed", now=1.0)
    admission.queue(Ticket("late", 2, waits_for={"a"}, held=frozenset({"a"})))
    assert [(ticket.branch_id, ticket.missing) for ticket in admission.admit(0.0)] == [("b", ""), ("late", "")]


def test_a_prerequisite_that_ended_before_the_branch_came_is_known() -> None:
    admission = Admission(wave(), 0.0)
    admission.ended("done", "succeeded", now=0.0)
    admission.ended("lost", "failed", now=0.0)
    queued(admission, Ticket("a", 0, waits_for={"done"}), Ticket("b", 1, waits_for={"lost"}))
    assert {ticket.branch_id: ticket.missing for ticket in admission.admit(0.0)} == {"a": "", "b": "lost"}


Plan: TypeAlias = tuple[dict[str, set[str]], set[str], list[str], dict[str, float]]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A random DAG, the branches in it that fail, the order in which they come, and the cores they take."""
    count = draw(st.integers(1, 12))
    waits = {
        f"b{n}": {f"b{m}" for m in draw(st.sets(st.integers(0, n - 1))) if n} if n else set() for n in range(count)
    }
    failing = draw(st.sets(st.sampled_from(sorted(waits))))
    coming = draw(st.permutations(sorted(waits)))
    cores = {name: draw(st.sampled_from([0.0, 0.5, 1.0, 3.0])) for name in waits}
    return waits, failing, coming, cores


@given(plans(), st.integers(1, 4), st.randoms())
def test_every_plan_ends_with_nothing_too_early_nothing_too_many_and_dependents_of_failures_skipped(
    plan: Plan, limit: int, random: Random
) -> None:
    waits, failing, coming, cores = plan
    admission = Admission(wave(mode="sequential", at_once=limit, cpu_at_once=2.0), 0.0)
    outcome: dict[str, str] = {}
    running: list[str] = []
    todo = list(coming)
    while len(outcome) < len(waits):
        if todo and (not running or random.random() < 0.5):
            name = todo.pop()
            admission.queue(Ticket(name, int(name[1:]), cpu=cores[name], waits_for=set(waits[name])))
        elif running:
            name = running.pop(random.randrange(len(running)))
            ending: Ending = "failed" if name in failing else "succeeded"
            outcome[name] = ending
            admission.ended(name, ending, now=0.0)
        else:
            raise AssertionError(f"deadlock: {outcome} of {waits}")
        while admitted := admission.admit(0.0):
            for ticket in admitted:
                before = [outcome.get(prerequisite) for prerequisite in waits[ticket.branch_id]]
                if ticket.missing:
                    assert outcome[ticket.missing] != "succeeded"
                    outcome[ticket.branch_id] = "skipped"
                    admission.ended(ticket.branch_id, "failed", now=0.0)
                else:
                    assert all(status == "succeeded" for status in before)
                    running.append(ticket.branch_id)
            used = [cores[name] for name in running if cores[name]]
            assert len(running) <= limit
            assert sum(used) <= 2.0 or len(used) == 1
    for name, prerequisites in waits.items():
        fed = all(outcome[prerequisite] == "succeeded" for prerequisite in prerequisites)
        assert (outcome[name] == "skipped") is not fed


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
