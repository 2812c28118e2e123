"""Whose turn it is: never more than allowed, prerequisites first, and never a deadlock."""

from __future__ import annotations

from random import Random
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.nodes.branching.admission import Admission
from langgraph_quorum.nodes.branching.loads import Load
from langgraph_quorum.nodes.branching.ticket import Ending, Ticket
from tests.nodes.tickets import names, queued
from tests.nodes.waves import wave


def test_no_more_run_than_the_limit_and_the_earliest_go_first() -> None:
    admission = Admission(wave(mode="sequential", at_once=2), 0.0)
    queued(admission, Ticket("c", 3), Ticket("a", 1), Ticket("b", 2))
    assert names(admission.admit(0.0)) == ["a", "b"]
    assert admission.admit(0.0) == []
    admission.ended("a", "succeeded", now=1.0)
    assert names(admission.admit(0.0)) == ["c"]


def test_work_that_only_waits_is_not_held_up_by_a_lack_of_cpu() -> None:
    admission = Admission(wave(cpu_at_once=1), 0.0)
    queued(
        admission, Ticket("cpu1", 0, load=Load(1)), Ticket("cpu2", 1, load=Load(1)), Ticket("io1", 2), Ticket("io2", 3)
    )
    assert names(admission.admit(0.0)) == ["cpu1", "io1", "io2"]


def test_one_that_asks_for_more_cores_than_there_are_runs_alone() -> None:
    admission = Admission(wave(cpu_at_once=2), 0.0)
    queued(
        admission, Ticket("small", 0, load=Load(1)), Ticket("huge", 1, load=Load(8)), Ticket("next", 2, load=Load(1))
    )
    assert names(admission.admit(0.0)) == ["small"]
    admission.ended("small", "succeeded", now=1.0)
    assert names(admission.admit(0.0)) == ["huge"]
    admission.ended("huge", "succeeded", now=2.0)
    assert names(admission.admit(0.0)) == ["next"]


def test_parts_of_cores_add_up_without_drift() -> None:
    admission = Admission(wave(cpu_at_once=0.3), 0.0)
    queued(
        admission,
        *[Ticket(f"t{number}", number, load=Load(0.1)) for number in range(3)],
        Ticket("huge", 9, load=Load(5)),
    )
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
            admission.queue(
                Ticket(name, int(name[1:]), load=Load(cores[name]) if cores[name] else None, waits_for=set(waits[name]))
            )
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


def claiming(branch_id: str, order: int, gpu: float, cpu: float = 0.0) -> Ticket:
    return Ticket(branch_id, order, claims={"gpu": gpu}, load=Load(cpu) if cpu else None)


def test_when_one_that_held_much_ends_all_who_fit_start_together() -> None:
    admission = Admission(wave(), 0.0, {"gpu": 2.0})
    queued(admission, claiming("a", 0, 2))
    admission.admit(0.0)
    queued(admission, claiming("b", 1, 1), claiming("c", 2, 1))
    assert admission.admit(0.0) == []
    admission.ended("a", "succeeded", now=1.0)
    assert names(admission.admit(1.0)) == ["b", "c"]


def test_one_that_waits_for_much_keeps_none_that_fits_from_running() -> None:
    admission = Admission(wave(), 0.0, {"gpu": 2.0})
    queued(admission, claiming("a", 0, 1), claiming("d", 1, 1), claiming("large", 2, 2), claiming("c", 3, 1))
    assert names(admission.admit(0.0)) == ["a", "d"]
    admission.ended("d", "succeeded", now=1.0)
    assert names(admission.admit(1.0)) == ["c"]
    admission.queue(claiming("newcomer", 4, 1))
    assert admission.admit(1.0) == []
    admission.ended("a", "succeeded", now=2.0)
    assert names(admission.admit(2.0)) == ["newcomer"]
    admission.ended("c", "succeeded", now=3.0)
    admission.ended("newcomer", "succeeded", now=3.0)
    assert names(admission.admit(3.0)) == ["large"]


def test_of_those_that_fit_the_first_in_order_goes() -> None:
    admission = Admission(wave(), 0.0, {"gpu": 3.0})
    queued(admission, claiming("a", 0, 3))
    admission.admit(0.0)
    queued(
        admission, claiming("third", 4, 1), claiming("second", 3, 2), claiming("first", 2, 1), claiming("last", 5, 2)
    )
    admission.admit(0.0)
    admission.ended("a", "succeeded", now=1.0)
    assert names(admission.admit(1.0)) == ["first", "second"]
    admission.ended("first", "succeeded", now=2.0)
    assert names(admission.admit(2.0)) == ["third"]
    admission.ended("second", "succeeded", now=3.0)
    assert names(admission.admit(3.0)) == ["last"]


def test_one_that_lacks_cores_keeps_no_resource_from_one_that_only_waits() -> None:
    admission = Admission(wave(cpu_at_once=1), 0.0, {"gpu": 1.0})
    queued(admission, Ticket("burns", 0, load=Load(1)), claiming("holds", 1, 1))
    assert names(admission.admit(0.0)) == ["burns", "holds"]
    queued(admission, claiming("queued", 4, 1))
    assert admission.admit(0.0) == []
    admission.ended("burns", "succeeded", now=1.0)
    queued(admission, claiming("wants cores", 3, 1, cpu=1))
    assert admission.admit(1.0) == []
    queued(admission, Ticket("burns too", 5, load=Load(1)))
    assert names(admission.admit(1.0)) == ["burns too"]
    admission.ended("holds", "succeeded", now=2.0)
    assert names(admission.admit(2.0)) == ["queued"]
    admission.ended("queued", "succeeded", now=3.0)
    assert admission.admit(3.0) == []
    admission.ended("burns too", "succeeded", now=4.0)
    assert names(admission.admit(4.0)) == ["wants cores"]
