"""What holds for every strategy, whatever the results are."""

from __future__ import annotations

import json
import math
import re
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langchain_core.runnables import RunnableLambda

from langgraph_quorum.nodes.merging.grouped import by_group
from langgraph_quorum.nodes.merging.label_record import LabelRecord
from langgraph_quorum.nodes.merging.made import Strategy
from langgraph_quorum.nodes.merging.merge import as_result, merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import (
    STRATEGIES,
    Consensus,
    Hierarchical,
    Patterns,
    Resolve,
    StrategyName,
    Weighted,
)
from langgraph_quorum.nodes.merging.suggestion import suggest_strategy
from langgraph_quorum.nodes.merging.synthesis import Synthesis

SEEN = LabelRecord({"s0": [("yes", "yes"), ("no", "no"), ("yes", "no")] * 9, "s1": [("no", "yes"), ("x", "no")] * 9})
"""s2 is not in it."""
SHOWN = re.compile('"branch": "(.*?)"')


def citing_all(messages: Any) -> str:
    """What a model says that cites every branch that it is shown."""
    found = SHOWN.findall("\n".join(str(message.content) for message in messages))
    return f"It is so [{', '.join(found)}]."


TUNED: dict[str, Strategy] = {
    "bootstrap": Weighted(interval="bootstrap"),
    "majority": Consensus(method="majority", agreement=0.9),
    "log_odds": Consensus(method="log_odds"),
    "by_record": Consensus(method="log_odds", record=SEEN),
    "by_record_and_quality": Consensus(method="log_odds", record=SEEN, own_quality=True),
    "trust": Resolve("trust", trust={"s0": 0.9, "s1": 0.3}),
    "recency": Resolve("recency"),
    "human": Resolve("human", by_field={"x": "recency"}, timestamp="y"),
    "by_type": Hierarchical(
        {"p": "consensus", "q": Consensus(method="majority")}, otherwise="best", overall="merge_all"
    ),
    "types_voted": Hierarchical({"p": "resolve"}, overall=Consensus(method="log_odds")),
    "patterns_of_three": Patterns(least=3),
    "by_group": by_group("weighted"),
    "synthesis": Synthesis(RunnableLambda(citing_all)),
}
ALL = {**STRATEGIES, **TUNED}

plain = st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e3, 1e3) | st.text(max_size=50)
values = st.recursive(
    plain | st.sampled_from(["yes", "no"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
rows = st.tuples(
    values,
    st.none() | st.floats(0, 1),
    st.none() | st.floats(0, 100),
    st.sampled_from(["", "p", "q"]),
    st.none() | st.sampled_from(["2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"]),
)


@st.composite
def sets_of_results(draw: Any, most: int = 6) -> list[Scored]:
    """One to six results by up to three specialists."""
    return [
        Scored(f"b{number}", f"s{number % 3}", value, quality, seconds, f"g{number % 2}", kind, at)
        for number, (value, quality, seconds, kind, at) in enumerate(draw(st.lists(rows, min_size=1, max_size=most)))
    ]


every_strategy = pytest.mark.parametrize("strategy", ALL.values(), ids=ALL)
few = settings(max_examples=20, deadline=None)


@every_strategy
@few
@given(sets_of_results(), st.randoms())
def test_neither_the_order_of_results_nor_one_given_twice_matters(
    strategy: Strategy, made: list[Scored], random: Random
) -> None:
    merged = merge(made, strategy)
    shuffled = [*made, *random.sample(made, random.randint(0, len(made)))]
    random.shuffle(shuffled)
    assert merge(shuffled, strategy) == merged


@every_strategy
@few
@given(sets_of_results())
def test_a_merged_result_merged_again_is_what_it_was(strategy: Strategy, made: list[Scored]) -> None:
    merged = merge(made, strategy)
    again = merge([as_result(merged)], strategy)
    assert (again["value"], again["quality"], again["strategy"]) == (
        merged["value"],
        merged["quality"],
        merged["strategy"],
    )


@pytest.mark.parametrize("strategy", ["weighted", "consensus", "resolve", "best", "hierarchical"])
@few
@given(sets_of_results())
def test_where_all_hold_the_merged_value_the_merged_value_is_that(strategy: StrategyName, made: list[Scored]) -> None:
    value = merge(made, strategy)["value"]
    agreeing = [result._replace(value=value) for result in made]
    assert merge(agreeing, strategy)["value"] == value


@every_strategy
@few
@given(sets_of_results())
def test_weights_are_never_below_0_and_sum_to_1(strategy: Strategy, made: list[Scored]) -> None:
    attribution = merge(made, strategy)["attribution"]
    assert {row["branch_id"] for row in attribution} == {result.branch_id for result in made}
    assert math.isclose(math.fsum(row["weight"] for row in attribution), 1.0)
    by_id = {result.branch_id: result for result in made}
    for row in attribution:
        assert row["weight"] >= 0
        if by_id[row["branch_id"]].seconds is not None:  # then its speed is above 0, and with it its weight
            assert row["weight"] > 0


MIXED = [Scored(f"b{number}", f"s{number % 3}", {}, None) for number in range(6)]
MIXED[1], MIXED[3], MIXED[4] = (MIXED[place]._replace(value=value) for place, value in ((1, []), (3, False), (4, True)))
"""As many labels as dicts: one of more quality must not change what is voted on."""


@every_strategy
@few
@given(sets_of_results(), st.integers(0, 5), st.floats(0, 1))
@example(MIXED, 1, 1.0)
def test_a_result_of_higher_quality_never_weighs_less(
    strategy: Strategy, made: list[Scored], place: int, quality: float
) -> None:
    one = made[place % len(made)]
    low, high = sorted([0.5 if one.quality is None else one.quality, quality])
    weights = []
    for its_quality in (low, high):
        others = [one._replace(quality=its_quality) if result is one else result for result in made]
        merged = merge(others, strategy)
        weights += [row["weight"] for row in merged["attribution"] if row["branch_id"] == one.branch_id]
    assert weights[0] <= weights[1] + 1e-12


@every_strategy
@few
@given(sets_of_results())
def test_an_interval_contains_its_value(strategy: Strategy, made: list[Scored]) -> None:
    merged = merge(made, strategy)
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


@every_strategy
@few
@given(sets_of_results())
def test_what_is_said_of_a_merge_is_about_its_branches_and_shares(strategy: Strategy, made: list[Scored]) -> None:
    merged = merge(made, strategy)
    names = {result.branch_id for result in made}
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


def test_a_suggested_strategy_is_named_by_a_plain_string() -> None:
    suggested: Any = suggest_strategy("Verify")
    merged = merge([Scored("a", "s", "yes")], suggested)
    assert (merged["strategy"], type(merged["strategy"])) == ("consensus", str)


@settings(max_examples=5, deadline=None)
@given(sets_of_results(), st.randoms(), st.integers(0, 5), st.floats(0, 1))
def test_all_of_it_holds_for_dawid_skene_which_takes_long(
    made: list[Scored], random: Random, place: int, quality: float
) -> None:
    strategy = Consensus("dawid_skene", least_items=1)
    _inside(test_neither_the_order_of_results_nor_one_given_twice_matters)(strategy, made, random)
    _inside(test_a_result_of_higher_quality_never_weighs_less)(strategy, made, place, quality)
    for one in (
        test_a_merged_result_merged_again_is_what_it_was,
        test_weights_are_never_below_0_and_sum_to_1,
        test_an_interval_contains_its_value,
        test_what_is_said_of_a_merge_is_about_its_branches_and_shares,
    ):
        _inside(one)(strategy, made)


def _inside(one: Any) -> Any:
    """A property without the results that are made up for it."""
    return one.hypothesis.inner_test
