"""What holds for every strategy, whatever the results are."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings

from langgraph_quorum.nodes.merging.made import Strategy
from langgraph_quorum.nodes.merging.merge import as_result, merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus, StrategyName
from langgraph_quorum.nodes.merging.suggestion import suggest_strategy
from tests.nodes.merging.any_merge import ALL, AS_MANY_LABELS_AS_DICTS, Case, cases, sets_of_results

every_strategy = pytest.mark.parametrize("strategy", ALL.values(), ids=ALL)
few = settings(max_examples=20, deadline=None)


def neither_the_order_of_results_nor_one_given_twice_matters(strategy: Strategy, case: Case) -> None:
    made, random, *_ = case
    merged = merge(made, strategy)
    shuffled = [*made, *random.sample(made, random.randint(0, len(made)))]
    random.shuffle(shuffled)
    assert merge(shuffled, strategy) == merged


def a_merged_result_merged_again_is_what_it_was(strategy: Strategy, case: Case) -> None:
    merged = merge(case.made, strategy)
    again = merge([as_result(merged)], strategy)
    assert (again["value"], again["quality"], again["strategy"]) == (
        merged["value"],
        merged["quality"],
        merged["strategy"],
    )


def weights_are_never_below_0_and_sum_to_1(strategy: Strategy, case: Case) -> None:
    attribution = merge(case.made, strategy)["attribution"]
    by_id = {result.branch_id: result for result in case.made}
    assert {row["branch_id"] for row in attribution} == by_id.keys()
    assert math.isclose(math.fsum(row["weight"] for row in attribution), 1.0)
    for row in attribution:
        assert row["weight"] >= 0
        if by_id[row["branch_id"]].seconds is not None:  # then its speed is above 0, and with it its weight
            assert row["weight"] > 0


def a_result_of_higher_quality_never_weighs_less(strategy: Strategy, case: Case) -> None:
    one = case.made[case.place % len(case.made)]
    low, high = sorted([0.5 if one.quality is None else one.quality, case.quality])
    weights = []
    for its_quality in (low, high):
        others = [one._replace(quality=its_quality) if result is one else result for result in case.made]
        merged = merge(others, strategy)
        weights += [row["weight"] for row in merged["attribution"] if row["branch_id"] == one.branch_id]
    assert weights[0] <= weights[1] + 1e-12


def an_interval_contains_its_value(strategy: Strategy, case: Case) -> None:
    merged = merge(case.made, strategy)
    low, high = merged["confidence_interval"]
    assert 0 <= low <= merged["quality"] <= high <= 1
    for path, note in merged["metadata"].get("fields", {}).items():
        if "confidence_interval" in note:
            low, high = note["confidence_interval"]
            assert low <= _at(merged["value"], path) <= high
            assert note["interval_method"]


def _at(value: Any, path: str) -> float:
    if not isinstance(value, dict):
        return float(value)
    for name in path.split("."):
        value = value[name]
    return float(value)


def what_is_said_of_a_merge_is_about_its_branches_and_shares(strategy: Strategy, case: Case) -> None:
    merged = merge(case.made, strategy)
    names = {result.branch_id for result in case.made}
    assert set(merged["sources"]) <= names
    assert all(0 <= share <= 1 for share in merged["support"].values())
    assert all(set(one["branches"]) <= names and 0 <= one["share"] <= 1 for one in merged["dissent"])
    assert all(one["branch_id"] in names and one["why"] for one in merged["discarded"])
    json.dumps(merged, allow_nan=False)
    assert _types_in(merged) <= JSON_TYPES


JSON_TYPES = {dict, list, str, int, float, bool, type(None)}
"""No subclasses: what is stored comes back as these."""


def _types_in(value: Any) -> set[type]:
    inside = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return {type(value)}.union(*map(_types_in, inside))


PROPERTIES: list[Callable[[Strategy, Case], None]] = [
    neither_the_order_of_results_nor_one_given_twice_matters,
    a_merged_result_merged_again_is_what_it_was,
    weights_are_never_below_0_and_sum_to_1,
    a_result_of_higher_quality_never_weighs_less,
    an_interval_contains_its_value,
    what_is_said_of_a_merge_is_about_its_branches_and_shares,
]


@pytest.mark.parametrize("check", PROPERTIES, ids=lambda check: check.__name__)
@every_strategy
@few
@given(cases)
@example(AS_MANY_LABELS_AS_DICTS)
def test_of_whatever_strategy_and_results(
    check: Callable[[Strategy, Case], None], strategy: Strategy, case: Case
) -> None:
    check(strategy, case)


@settings(max_examples=5, deadline=None)
@given(cases)
def test_all_of_it_holds_for_dawid_skene_which_takes_long(case: Case) -> None:
    for check in PROPERTIES:
        check(Consensus("dawid_skene", least_items=1), case)


@pytest.mark.parametrize("strategy", ["weighted", "consensus", "resolve", "best", "hierarchical"])
@few
@given(sets_of_results())
def test_where_all_hold_the_merged_value_the_merged_value_is_that(strategy: StrategyName, made: list[Scored]) -> None:
    value = merge(made, strategy)["value"]
    agreeing = [result._replace(value=value) for result in made]
    assert merge(agreeing, strategy)["value"] == value


@every_strategy
def test_of_nothing_comes_no_data(strategy: Strategy) -> None:
    merged = merge([], strategy, failed=["b", "a", "a"])
    assert (merged["status"], merged["value"], merged["quality"]) == ("no data", None, 0.0)
    assert (merged["attribution"], merged["partial"], merged["failed"]) == ([], True, ["a", "b"])


OF_ANOTHER_FORM = {"merge_all", "patterns", "patterns_of_three", "by_type", "by_group", "synthesis"}
"""Strategies whose value is not of the form of their results."""


@pytest.mark.parametrize("strategy", sorted({*ALL} - OF_ANOTHER_FORM))
@few
@given(sets_of_results(most=1))
def test_one_result_is_the_answer_but_for_what_lists_hold_twice(strategy: str, made: list[Scored]) -> None:
    merged = merge(made, ALL[strategy])
    assert _once(merged["value"]) == _once(made[0].value)
    assert (merged["sources_count"], merged["dissent"], merged["discarded"]) == (1, [], [])
    assert merged["attribution"][0]["weight"] == 1.0


def _once(value: Any) -> Any:
    """With every item of a list once."""
    if isinstance(value, dict):
        return {name: _once(item) for name, item in value.items()}
    if isinstance(value, list):
        items: dict[str, Any] = {}
        for item in value:
            items.setdefault(json.dumps(1.0 * item if type(item) is int else item, sort_keys=True), item)
        return list(items.values())
    return value


def test_a_suggested_strategy_is_named_by_a_plain_string() -> None:
    suggested: Any = suggest_strategy("Verify")
    merged = merge([Scored("a", "s", "yes")], suggested)
    assert (merged["strategy"], type(merged["strategy"])) == ("consensus", str)
