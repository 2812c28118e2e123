"""Resolving: contradictions are found field by field and settled by a rule that has a name."""

from __future__ import annotations

import pytest

from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.strategies import Resolve
from tests.nodes.merging.scored import QUALITY_ONLY, results

PRICES = results(
    {"price": 10, "stock": "low", "at": "2026-03-01"},
    {"price": 12, "stock": "low", "at": "2026-03-02T00:00:00+00:00"},
    {"price": 10, "stock": "none", "at": "2026-02-01"},
)


def test_the_majority_settles_what_nobody_has_named_a_rule_for() -> None:
    merged = merge(PRICES, "resolve")
    assert (merged["value"]["price"], merged["value"]["stock"]) == (10, "low")
    assert {"branch_id": "b", "field": "price", "why": "12: majority decides for 10"} in merged["discarded"]
    assert {"field": "stock", "value": "none", "share": pytest.approx(1 / 3), "branches": ["c"]} in merged["dissent"]


def test_the_newest_value_by_a_timestamp_of_the_result_or_by_when_its_branch_began() -> None:
    merged = merge(PRICES, Resolve("recency", timestamp="at"))
    assert merged["value"] == {"price": 12, "stock": "low", "at": "2026-03-02T00:00:00+00:00"}
    begun = [one._replace(at=f"2026-01-0{9 - number}T00:00:00+00:00") for number, one in enumerate(PRICES)]
    assert merge(begun, Resolve("recency"))["value"]["price"] == 10  # a began last


def test_without_any_time_weight_decides_and_a_human_is_told() -> None:
    merged = merge(results(1, 2, qualities=[0.2, 0.8]), Resolve("recency"), QUALITY_ONLY)
    assert (merged["value"], merged["review"]) == (2, ["recency leaves 2 values level, 2 weighs most"])
    assert merged["discarded"][0]["why"] == "1: recency leaves 2 values level, weight decides for 2"


def test_whom_is_trusted_most_is_believed_and_the_unnamed_come_last() -> None:
    merged = merge(PRICES, Resolve("trust", trust={"b": 0.9, "c": 0.4}))
    assert (merged["value"]["price"], merged["value"]["stock"]) == (12, "low")
    assert merge(results(1, 2, 1), Resolve("trust", trust={"b": 0.0, "z": 1.0}))["value"] == 2


def test_what_is_left_to_a_human_stays_open_with_its_candidates() -> None:
    merged = merge(PRICES, Resolve(by_field={"price": "human"}))
    assert merged["value"]["price"] is None
    assert merged["metadata"]["open"] == {"price": [10, 12]}
    assert "price: choose between 10 (a, c) and 12 (b)" in merged["review"]
    assert "price" not in merged["support"]


def test_a_rule_for_a_path_holds_for_all_below_it() -> None:
    made = results({"who": {"name": "A", "age": 1}}, {"who": {"name": "B", "age": 1}})
    merged = merge(made, Resolve(by_field={"who": "human"}))
    assert merged["value"] == {"who": {"name": None, "age": 1}}
    assert merged["metadata"]["conflicts"] == {"who.name": "human"}


def test_a_plain_value_among_dicts_is_left_out_and_not_a_conflict_of_fields() -> None:
    merged = merge(results({"x": 1}, {"x": 1}, "broken"), "resolve")
    assert merged["value"] == {"x": 1}
    assert merged["discarded"] == [{"branch_id": "c", "field": "", "why": "most weight is with fields here"}]
    assert merged["sources"] == ["a", "b"]


def test_a_time_that_cannot_be_read_is_the_oldest_and_is_named() -> None:
    told = ["yesterday", "2026-01-01", 1767225601, "Fri, 02 Jan 2026", None, True]
    made = results(*[{"price": number, "at": time} for number, time in enumerate(told)])
    merged = merge(made, Resolve("recency", timestamp="at"))
    assert merged["value"]["price"] == 2
    named = "at: no time is 'yesterday' (a), 'Fri, 02 Jan 2026' (d), True (f)"
    assert merged["review"] == [f"{named}: give ISO 8601 or seconds since 1970: it counts as the oldest"]
    begun = [one._replace(value=number, at="soon") for number, one in enumerate(made)]
    (line, _) = sorted(merge(begun, Resolve("recency"))["review"], reverse=True)
    assert line.startswith("when the branch began: no time is 'soon' (a), 'soon' (b), ")
    assert ", 1 more: give" in line
    agreeing = results({"price": 1, "at": "soon"}, {"price": 1, "at": "soon"})
    assert merge(agreeing, Resolve("recency", timestamp="at"))["review"] == []  # recency was not asked
