"""Checks of single fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.nodes.scoring.scorer import scored_by
from langgraph_quorum.nodes.scoring.well_formed import TEXT_LENGTH, OneOf, Pattern, Range, well_formed
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import Quality


async def answer(branch: Branch) -> str:
    return branch.task


async def score(result: Any, *checks: Range | Pattern | OneOf) -> Quality:
    found = scored_by(well_formed(*checks))(Specialist("s", answer), Branch("b", "task"), result)
    quality = found if found is None or isinstance(found, dict) else await found
    assert quality is not None
    return quality


async def test_the_score_is_the_share_of_checks_that_hold() -> None:
    checks: list[Range | Pattern | OneOf] = [
        Range("risk", 0, 10),
        Pattern("date", r"\d{4}-\d\d-\d\d"),
        OneOf("tone", ["dry", "warm"]),
    ]
    quality = await score({"risk": 14, "date": "2026-11-21", "tone": "cold"}, *checks)
    assert quality["score"] == pytest.approx(1 / 3)
    assert quality["evidence"] == [
        "1 of 3 checks hold",
        "risk=14 is not a number from 0 to 10",
        "tone='cold' is not one of ['dry', 'warm']",
    ]


async def test_a_field_that_is_absent_is_not_counted() -> None:
    checks: list[Range | Pattern | OneOf] = [Range("risk", 0, 10), OneOf("tone", ["dry"])]
    assert (await score({"risk": 3, "tone": None}, *checks))["score"] == 1.0
    assert (await score({}, *checks))["score"] is None
    assert (await score("text", *checks))["score"] is None


async def test_every_item_of_a_list_must_pass() -> None:
    result = {"findings": [{"severity": 1}, {"severity": 9}, {}], "tags": ["a", "b"]}
    assert (await score(result, Range("findings.severity", 1, 5)))["score"] == 0.0
    assert (await score(result, Range("findings.severity", 1, 9)))["score"] == 1.0
    assert (await score(result, OneOf("tags", ["a"])))["evidence"][1] == "tags='b' is not one of ['a']"


@pytest.mark.parametrize(
    ("value", "holds"), [(0, True), (10, True), (2.5, True), (-1, False), (10.1, False), ("3", False), (True, False)]
)
async def test_a_range_holds_its_bounds_and_only_numbers(value: Any, holds: bool) -> None:
    assert (await score({"x": value}, Range("x", 0, 10)))["score"] == float(holds)


async def test_a_range_may_be_open() -> None:
    assert (await score({"x": 10**9}, Range("x", low=0)))["score"] == 1.0
    assert (await score({"x": -1}, Range("x", low=0)))["evidence"][1] == "x=-1 is not a number from 0 to inf"


async def test_a_pattern_holds_from_beginning_to_end_and_only_for_texts() -> None:
    pattern = Pattern("x", "[a-z]+")
    values: list[Any] = ["abc", "abc1", "1abc", "abc\n", 3, "a" * (TEXT_LENGTH + 1)]
    assert [(await score({"x": value}, pattern))["score"] for value in values] == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]


async def test_one_of_keeps_numbers_and_truth_apart() -> None:
    assert [(await score({"x": value}, OneOf("x", [1, "a"])))["score"] for value in (1, True, "a")] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("checks", well_formed),
        ("checks", lambda: well_formed({"risk": 3})),  # type: ignore[arg-type]
        ("field", lambda: Range("", 0, 1)),
        ("low", lambda: Range("x", 2, 1)),
        ("low", lambda: Range("x", float("nan"), 1)),
        ("low", lambda: Range("x", "1", 2)),  # type: ignore[arg-type]
        ("high", lambda: Range("x", 1, None)),  # type: ignore[arg-type]
        ("regex", lambda: Pattern("x", "(")),
        ("values", lambda: OneOf("x", [])),
        ("values", lambda: OneOf("x", "abc")),
    ],
)
def test_a_check_that_cannot_hold_is_refused(field: str, make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigurationError, match=": give ") as caught:
        make()
    assert caught.value.field == field
