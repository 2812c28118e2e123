"""Hierarchical merging: each type among itself first, then type against type."""

from __future__ import annotations

import pytest

from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.strategies import Consensus, Hierarchical
from tests.nodes.merging.scored import QUALITY_ONLY, results


def test_many_of_one_type_do_not_drown_the_one_of_another() -> None:
    made = results("no", "yes", "yes", "yes", qualities=[0.9, 0.6, 0.6, 0.6], types=["law", "style", "style", "style"])
    assert merge(made, "weighted", QUALITY_ONLY)["value"] == "yes"
    merged = merge(made, "hierarchical", QUALITY_ONLY)
    assert merged["value"] == "no"  # law weighs 0.9 and style the mean of its results, 0.6
    weights = {row["branch_id"]: row["weight"] for row in merged["attribution"]}
    assert weights == pytest.approx({"a": 0.6, "b": 0.4 / 3, "c": 0.4 / 3, "d": 0.4 / 3})
    assert merged["quality"] == pytest.approx(0.6 * 0.9 + 0.4 * 0.6)
    assert merged["dissent"] == [
        {"field": "", "value": "yes", "share": pytest.approx(0.4), "branches": ["b", "c", "d"]}
    ]
    assert merged["sources"] == ["a"]
    assert {one["branch_id"]: one["why"] for one in merged["discarded"]}["b"] == "style: outvoted by 'no'"


def test_each_type_has_a_strategy_of_its_own_and_its_attribution_is_multiplied_through() -> None:
    made = results(1, 3, "x", "y", qualities=[0.25, 0.75, 0.9, 0.1], types=["count", "count", "word", "word"])
    merged = merge(
        made, Hierarchical({"word": Consensus("majority")}, otherwise="weighted", overall="merge_all"), QUALITY_ONLY
    )
    assert merged["value"] == {"count": 2.5, "word": "x"}  # 0.25 * 1 + 0.75 * 3; a tie goes by weight
    # both types weigh 0.5, the mean of their results; in a majority each has one vote
    weights = {row["branch_id"]: row["weight"] for row in merged["attribution"]}
    assert weights == pytest.approx({"a": 0.125, "b": 0.375, "c": 0.25, "d": 0.25})
    assert merged["review"] == ["word: only 50% agree on 'x', 60% asked for"]
    types = merged["metadata"]["types"]
    assert (types["count"]["strategy"], types["word"]["strategy"]) == ("weighted", "consensus")
    assert types["word"]["dissent"] == [{"field": "", "value": "y", "share": 0.5, "branches": ["d"]}]


def test_specialists_without_a_type_are_one_type() -> None:
    merged = merge(results(1, 2, types=["", "t"]), Hierarchical(overall="merge_all"))
    assert merged["value"] == {"t": 2, "untyped": 1}
