"""A revision is held against what stood before it: findings first, then the quality that was measured."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum.nodes.checking.check import finding
from langgraph_quorum.nodes.checking.revision import GAIN, begun, ended
from tests.nodes.checking.shown import merged_of


def came_to(before: Any, after: Any, errors: tuple[int, int] = (1, 1), warnings: tuple[int, int] = (0, 0)) -> str:
    """What a revision comes to; qualities by branch and numbers of findings, each before and after."""
    old, new = (
        [*[finding("c", "x")] * wrong, *[finding("c", "x", "warning")] * worth_telling]
        for wrong, worth_telling in zip(errors, warnings, strict=True)
    )
    return ended(begun(merged_of("old", before), old, {}), merged_of("new", after), new, 1)["came_to"]


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (0.5 + GAIN, "better"),
        (0.5 + GAIN / 2, "nothing"),
        (0.5, "nothing"),
        (0.5 - GAIN / 2, "worse"),
        (None, "nothing"),  # nothing measured says neither
    ],
)
def test_with_as_many_findings_the_measured_quality_decides(after: float | None, outcome: str) -> None:
    assert came_to({"a": 0.5}, {"a": after}) == outcome


def test_fewer_errors_are_better_whatever_the_quality() -> None:
    assert came_to({"a": 0.9}, {"a": 0.5}, errors=(2, 1)) == "better"
    assert came_to({"a": 0.5}, {"a": 0.9}, errors=(1, 2)) == "worse"


def test_fewer_warnings_are_better_and_more_are_not_worse() -> None:
    assert came_to({"a": 0.5}, {"a": 0.5}, warnings=(1, 0)) == "better"
    assert came_to({"a": 0.5}, {"a": 0.5}, warnings=(0, 1)) == "nothing"


def test_a_further_result_is_better_also_when_it_is_weak() -> None:
    assert came_to({"a": 0.9}, {"a": 0.9, "b": 0.1}) == "better"


def test_what_it_came_to_is_said_in_figures() -> None:
    revision = ended(begun(merged_of("x", {"a": 0.5}), [finding("c", "x")], {}), merged_of("y", {"a": 0.4}), [], 3)
    assert (revision["why"], revision["judged"]) == (
        "0 findings and quality 0.400, before 1 finding and quality 0.500",
        3,
    )


def test_a_revision_is_held_against_what_stood_before_it_only_once() -> None:
    once = ended(begun(merged_of("x", {"a": 0.5}), [], {}), merged_of("y", {"a": 0.4}), [], 3)
    assert ended(once, merged_of("z", {"a": 0.1}), [finding("c", "x")], 5) == once
