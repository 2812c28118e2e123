"""kill -9 around branches that are not to run, not yet, no longer, or in pieces."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.crashes.judging import survived
from tests.crashes.killing import Stage, starts
from tests.crashes.waiting import ABANDONED, CONDITIONS, EARLIEST, PIECES, RESTING

pytestmark = pytest.mark.slow


def test_a_condition_that_said_no_before_a_kill_has_said_no(stage: Stage) -> None:
    story = survived(stage, CONDITIONS)
    assert starts(story).keys() == {"a", "yes", "end"}
    assert {name for name, record in story.outcome["branches"].items() if record["excused"]} == {"no", "last"}


def test_branches_with_an_earliest_start_are_waited_for_after_a_kill_too(stage: Stage) -> None:
    story = survived(stage, EARLIEST)
    assert starts(story)["a"] == starts(story)["later"] == 1


def test_a_service_is_left_alone_for_as_long_as_it_said_before_a_kill(stage: Stage) -> None:
    story = survived(stage, RESTING)
    told = datetime.fromisoformat(story.killed[0].kept["asks"]["not_before"])
    again = datetime.fromisoformat(story.outcome["branches"]["asks"]["started_at"])
    assert again >= told - timedelta(milliseconds=1)  # a start is written down in whole milliseconds
    assert starts(story) == {"a": 1, "asks": 1, "asks@1": 1}


def test_pieces_that_were_done_before_a_kill_are_joined_with_those_done_after_it(stage: Stage) -> None:
    story = survived(stage, PIECES)
    assert story.outcome["branches"]["book"]["result"]["parts"] == ["book/piece-1", "book/piece-2"]
    assert starts(story)["book"] == 1


def test_work_that_was_left_to_itself_before_a_kill_is_not_begun_again(stage: Stage) -> None:
    story = survived(stage, ABANDONED)
    assert starts(story)["fine"] == 1
    assert (story.outcome["branches"]["left"]["status"], story.outcome["pending"]) == ("cut", [])
