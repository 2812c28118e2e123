"""A run needs its minimum and its quorum, a result for each group, and all that its results asked for."""

from __future__ import annotations

from langgraph_quorum import SyncPolicy
from langgraph_quorum.nodes.checking.check import Checked
from langgraph_quorum.nodes.checking.coverage import coverage
from langgraph_quorum.nodes.checking.growth import growth
from langgraph_quorum.nodes.checking.successes import successes
from langgraph_quorum.state.records import BranchRecord
from tests.nodes.checking.shown import checked, found
from tests.state.written import record


def told(shown: Checked) -> list[tuple[str, str, list[str]]]:
    return [(one["check"], one["severity"], one["branches"]) for one in found(successes(), shown)]


def test_a_missed_quorum_is_an_error_that_names_who_is_missing() -> None:
    records = [record("a"), record("b", "failed"), record("c", "timed_out")]
    assert told(checked(records=records, sync=SyncPolicy(threshold=0.75))) == [("quorum", "error", ["b", "c"])]


def test_fewer_successes_than_the_minimum_are_critical() -> None:
    records = [record("a"), record("b", "failed")]
    assert told(checked(records=records, sync=SyncPolicy(minimum=2))) == [("minimum", "critical", ["b"])]


def test_one_that_must_succeed_and_did_not_is_critical() -> None:
    records = [record("a"), record("b", "failed")]
    shown = checked(records=records, sync=SyncPolicy(threshold=0.1, must=("b",)))
    assert told(shown) == [("minimum", "critical", ["b"])]


def test_excused_branches_are_not_missed() -> None:
    records = [record("a"), record("b", "skipped", excused=True)]
    assert told(checked(records=records, sync=SyncPolicy(threshold=1.0))) == []


def test_a_run_of_excused_branches_alone_has_no_result() -> None:
    assert told(checked(records=[record("a", "skipped", excused=True)])) == [("minimum", "critical", [])]


def test_a_group_without_a_result_is_an_error_that_names_its_branches() -> None:
    records: list[BranchRecord] = [
        {**record("a"), "group": "x"},
        {**record("b", "failed"), "group": "y"},
        {**record("c", "cut"), "group": "y"},
        {**record("d", "failed"), "group": "x"},
    ]
    (one,) = found(coverage(), checked(records=records))
    assert (one["message"], one["branches"], one["severity"]) == ("y has no result", ["b", "c"], "error")


def test_branches_that_were_refused_are_an_error_of_the_severity_asked_for() -> None:
    shown = checked(records=[record("a")], refused={"a/1": "one too many"})
    (one,) = found(growth("warning"), shown)
    assert (one["severity"], "a/1: one too many" in one["message"]) == ("warning", True)
