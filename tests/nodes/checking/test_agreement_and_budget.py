"""How much dissent there may be, and what a run may cost."""

from __future__ import annotations

import math
from typing import Any

import pytest

from langgraph_quorum.nodes.checking.agreement import agreement
from langgraph_quorum.nodes.checking.budget import budget
from langgraph_quorum.state.errors import ConfigurationError
from tests.nodes.checking.shown import checked, found, merged_of

THREE = ["a", "b", "c"]


def test_more_dissent_than_allowed_names_the_field_and_the_dissenters() -> None:
    merged = merged_of("x", support={"grade": 0.4}, dissent=[("grade", 0.35, ["c"]), ("grade", 0.25, ["b"])])
    (one,) = found(agreement(0.5), checked(merged, queue=THREE))
    assert (one["field"], one["branches"]) == ("grade", ["b", "c"])
    assert one["message"] == "grade: 60% of the weight is for another value, 50% may be"  # 1 - 0.4


def test_as_much_dissent_as_allowed_is_allowed() -> None:
    merged = merged_of("x", support={"grade": 0.7}, dissent=[("grade", 0.3, ["b"])])
    assert found(agreement(0.3), checked(merged)) == []  # 1 - 0.7 is a little more than 0.3


def test_little_support_without_dissent_is_no_disagreement() -> None:
    assert found(agreement(0.1), checked(merged_of("x", support={"tags[0]": 0.3}))) == []


def test_where_no_support_was_taken_down_the_shares_of_those_that_lost_count() -> None:
    merged = merged_of("x", dissent=[("", 0.3, ["b"]), ("", 0.3, ["c"])])
    (one,) = found(agreement(0.5), checked(merged, queue=THREE))
    assert (one["message"].split(":")[0], "field" in one) == ("the result", False)


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan, None])
def test_a_share_out_of_its_bounds_is_refused(share: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^agreement\.dissent=.*: give a fraction from 0 to 1"):
        agreement(share)


def test_each_bound_that_is_exceeded_is_told() -> None:
    check = budget(cost=5, seconds=10, attempts=3, severity="error")
    assert found(check, checked(cost=5.0, seconds=10.0, attempts=3)) == []
    told = found(check, checked(cost=5.5, seconds=11.0, attempts=3))
    assert [one["message"] for one in told] == [
        "the budget is spent: cost 5.5, 5 were allowed",
        "the budget is spent: seconds 11, 10 were allowed",
    ]
    assert {one["severity"] for one in told} == {"error"}


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ({}, "budget=None: give at least one of cost, seconds and attempts"),
        ({"cost": -1}, "budget.cost=-1: give an amount from 0"),
        ({"seconds": 0}, "budget.seconds=0: give seconds above 0"),
        ({"attempts": 0}, "budget.attempts=0: give a whole number from 1"),
        ({"attempts": 1.5}, "budget.attempts=1.5: give a whole number from 1"),
    ],
)
def test_a_bound_out_of_its_own_bounds_is_refused(bounds: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        budget(**bounds)
    assert str(refused.value) == told
