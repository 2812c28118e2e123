"""A run that is killed against the same run undisturbed."""

from __future__ import annotations

from tests.crashes.judging import faults, told
from tests.crashes.killing import Stage, Story
from tests.crashes.scenario import Scenario


def survived(stage: Stage, scenario: Scenario) -> Story:
    """The killed run: nothing is wrong with it, and it ended as the undisturbed one."""
    story = stage.disturbed(scenario)
    assert faults(scenario, story) == []
    assert told(story.outcome) == told(stage.undisturbed(scenario).outcome)
    return story
