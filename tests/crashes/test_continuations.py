"""kill -9 in what follows a first fan-out: questions, growth, rounds; and in bundles, drains and nested workflows."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.crashes.continuing import BUNDLES, DRAIN, GROWTH, NESTED, PARKED, QUESTION, ROUNDS
from tests.crashes.judging import survived
from tests.crashes.killing import Stage, starts
from tests.crashes.scenario import Scenario

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scenario", [QUESTION, PARKED], ids=lambda one: one.name)
def test_an_answer_is_kept_from_the_moment_it_is_given(stage: Stage, scenario: Scenario) -> None:
    story = survived(stage, scenario)
    # The process that was told the answer was killed before the branch had ended; nobody was asked again.
    assert story.waited is None
    assert [line.kind for line in story.lines].count("told") == 2
    assert story.outcome["branches"]["asking"]["result"]["said"] == "yes"


def test_a_question_stays_open_over_kills_until_somebody_answers(stage: Stage) -> None:
    story = stage.disturbed(Scenario("question", QUESTION.build, QUESTION.work, QUESTION.kills[:2], answer="no"))
    assert story.waited is not None
    assert list(story.waited["interrupts"].values()) == ["May I?"]
    assert story.outcome["branches"]["asking"]["result"]["said"] == "no"


def test_nothing_grows_twice_and_nothing_that_grew_is_forgotten(stage: Stage) -> None:
    story = survived(stage, GROWTH)
    assert set(story.outcome["branches"]) == {"r", "r/a", "r/b", "r/a/c"}
    assert {line.key for line in story.lines} == {"r", "r/a@1", "r/b@1", "r/a/c@2"}
    assert [decision["completed"] for decision in story.outcome["sync"]] == [["r"], ["r/a", "r/b"], ["r/a/c"]]


def test_a_round_of_redistribution_is_neither_forgotten_nor_counted_twice(stage: Stage) -> None:
    story = survived(stage, ROUNDS)
    assert Counter(line["event"] for line in story.outcome["timeline"])["redistributed"] == 1
    assert starts(story).keys() == {"fine", "weak", "poor", "weak@1", "poor@1"}


def test_a_kill_loses_the_bundle_that_was_under_way_and_no_other(stage: Stage) -> None:
    story = survived(stage, BUNDLES)
    # a and b ended in vain in the first process, d in the second, d and e in the third.
    ends = Counter(line.key for line in story.lines if line.kind == "end")
    assert ends == {"a": 2, "b": 2, "c": 1, "d": 3, "e": 2, "f": 1}


def test_what_a_drain_stopped_runs_again_also_when_a_kill_cuts_the_drain_short(stage: Stage) -> None:
    story = survived(stage, DRAIN)
    assert starts(story)["a"] == 1
    assert {record["status"] for record in story.outcome["branches"].values()} == {"succeeded"}


def test_finished_branches_of_a_nested_workflow_are_kept(stage: Stage) -> None:
    story = survived(stage, NESTED)
    assert starts(story)["i1"] == 1
    assert set(story.outcome["branches"]["w"]["result"]["result"]) == {"i1", "i2", "i3"}
