"""kill -9 while branches are tried again, handed on, hedged, or late."""

from __future__ import annotations

import pytest

from tests.crashes.enduring import FAILING, HEDGED, LATE, REDONE, TAKEN_IN
from tests.crashes.judging import faults, survived
from tests.crashes.killing import Stage, starts
from tests.crashes.ledger import of_process

pytestmark = pytest.mark.slow


def test_attempts_begin_anew_and_those_of_a_killed_process_are_not_counted(stage: Stage) -> None:
    story = survived(stage, FAILING)
    last = [line.attempt for line in story.lines[story.killed[-1].lines :] if line.key == "again"]
    assert last == [1, 1, 2, 2]  # a start and an end each
    assert story.outcome["branches"]["again"]["attempts"] == 2
    handed = story.outcome["branches"]["handed"]
    assert (handed["specialist"], handed["attempts"]) == ("worker", 2)


def test_a_hedged_branch_is_hedged_anew_and_its_loser_is_gone_once_it_has_won(stage: Stage) -> None:
    story = survived(stage, HEDGED)
    assert starts(story)["h"] == 2 * 2  # two calls in each of two processes; none in the two after its record was kept
    assert story.outcome["branches"]["h"]["attempts"] == 2


def test_late_work_that_a_kill_ends_is_lost_and_its_branch_stays_cut(stage: Stage) -> None:
    calm = stage.undisturbed(LATE).outcome
    story = stage.disturbed(LATE)
    assert faults(LATE, story) == []
    assert (calm["branches"]["late"]["late"], calm["status"], calm["failed"]) == (True, "approved", [])
    late = story.outcome["branches"]["late"]
    assert (late["status"], late["late"], late["round"]) == ("cut", False, 0)
    assert (story.outcome["status"], story.outcome["failed"], story.outcome["pending"]) == ("approved", ["late"], [])
    assert [line for line in story.lines[story.killed[-1].lines :] if line.branch_id == "late"] == []


def test_a_late_result_that_was_taken_in_is_kept(stage: Stage) -> None:
    story = survived(stage, TAKEN_IN)
    kept = story.killed[-1].kept["late"]
    assert (kept["status"], kept["late"]) == ("succeeded", True)
    assert story.outcome["branches"]["late"]["late"]
    assert starts(story)["late"] == 1


def test_late_work_that_the_next_fan_out_would_have_taken_over_is_begun_anew(stage: Stage) -> None:
    story = survived(stage, REDONE)
    assert story.killed[-1].kept["late"]["status"] == "timed_out"
    killed = {line.key for one in story.killed for line in of_process(story.lines, one.pid)}
    assert "late@1" not in killed  # there it went on
    assert starts(story)["late@1"] == 1
