"""Every workflow makes the standard checks; its own come after them, or in the place of one of them."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum import Specialist, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.nodes.checking.check import Check, Checked
from langgraph_quorum.nodes.checking.quality import flagged, quality_target
from langgraph_quorum.nodes.checking.standard import STANDARD, checks_of
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import ValidationPolicy
from tests.nodes.checking.shown import checked, found, merged_of


def mine(shown: Checked) -> None:
    """Finds nothing."""


def names(*given: Any) -> list[str]:
    return [check.name for check in checks_of(ValidationPolicy(), given)]


def test_own_checks_come_after_the_standard_ones() -> None:
    assert set(names()) == STANDARD
    assert names(mine, Check(mine, "other")) == [*names(), "mine", "other"]


def test_a_check_with_the_name_of_a_standard_one_takes_its_place() -> None:
    assert names(quality_target(0.3)) == names()
    weak = checked(merged_of("x", {"a": 0.5}))
    by_default, replaced = (
        next(check for check in checks_of(ValidationPolicy(), given) if check.name == "quality")
        for given in ((), (quality_target(0.3),))
    )
    assert [one["message"] for one in found(by_default, weak)] == ["quality 0.50 is below the target 0.8"]
    assert found(replaced, weak) == []


def test_what_the_merge_wants_a_human_to_see_is_a_warning() -> None:
    (one,) = found(flagged(), checked(merged_of("x", {"a": 0.5}, review=["an answer without sources"])))
    assert (one["severity"], one["message"]) == ("warning", "a human should look at it: an answer without sources")


def test_quality_that_nothing_measured_is_said_and_not_held_against_the_result() -> None:
    (one,) = found(quality_target(), checked(merged_of("x", {"a": None})))
    assert (one["severity"], one["branches"]) == ("info", [])


def test_only_what_was_measured_is_held_against_the_target_and_the_weak_are_named() -> None:
    (one,) = found(quality_target(0.8), checked(merged_of("x", {"a": 0.9, "b": 0.5, "c": None})))
    assert one["message"] == "quality 0.70 is below the target 0.8"  # (0.9 + 0.5) / 2
    assert one["branches"] == ["b"]


@pytest.mark.parametrize("target", [-0.1, 1.1, float("nan"), "0.5", True])
def test_a_target_out_of_its_bounds_is_refused(target: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^quality_target\.target=.*: give a fraction from 0 to 1"):
        quality_target(target)


@pytest.mark.parametrize(
    ("checks", "told"),
    [
        ((7,), r"^checks\[0\]=7: give a function"),
        ((mine, "x"), r"^checks\[1\]='x': give a function"),
        ((mine, mine), r"^checks\[1\]\.name='mine': two checks have this name"),
        (mine, r"^Tuning\.checks=.*: give a tuple of checks"),
    ],
)
def test_a_check_that_is_no_function_is_refused_when_the_workflow_is_built(checks: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        build_workflow([Specialist("s", lambda branch: 1)], tuning=Tuning(checks=checks))
