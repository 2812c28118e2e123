"""Patterns: what recurs across results, what stands alone, and whether chance explains it."""

from __future__ import annotations

import pytest

from langgraph_quorum.nodes.merging.chance import adjusted, binomial_tail
from langgraph_quorum.nodes.merging.merge import merge
from tests.nodes.merging.scored import results


def test_what_all_find_is_beyond_chance_and_what_one_finds_stands_alone() -> None:
    made = results(*[{"risks": ["injection", f"own {number}", f"more {number}"]} for number in range(6)])
    merged = merge(made, "patterns")
    (row,) = merged["value"]["recurring"]
    assert (row["field"], row["item"], row["count"], row["of"]) == ("risks", "injection", 6, 6)
    assert row["base_rate"] == pytest.approx(1 / 6)  # twelve other items, each in one of six results
    assert row["p"] == pytest.approx((1 / 6) ** 6)
    assert row["p_adjusted"] == pytest.approx(13 * (1 / 6) ** 6)  # thirteen items were tested
    assert row["beyond_chance"] is True
    assert (row["support"], row["branches"]) == (pytest.approx(1.0), list("abcdef"))
    assert len(merged["value"]["alone"]) == 12
    assert {"field": "risks", "item": "own 0", "branch": "a"} in merged["value"]["alone"]
    assert merged["support"] == {"recurring.0": pytest.approx(1.0)}


def test_what_recurs_no_more_than_everything_else_is_not_beyond_chance() -> None:
    made = results(["p", "q"], ["q", "r"], ["r", "p"], ["p", "s"])
    rows = merge(made, "patterns")["value"]["recurring"]
    assert [row["item"] for row in rows] == ["p", "q", "r"]
    assert not any(row["beyond_chance"] for row in rows)


def test_what_is_beyond_chance_by_itself_need_not_be_among_all_that_were_tested() -> None:
    (row,) = merge(results(["x", "p"], ["x", "q"], ["x", "r"]), "patterns")["value"]["recurring"]
    assert row["p"] == pytest.approx(1 / 27)  # each other item is in one of three results
    assert row["p_adjusted"] == pytest.approx(4 / 27)  # four items were tested
    assert row["beyond_chance"] is False


def test_with_nothing_to_compare_with_there_is_no_test() -> None:
    (row,) = merge(results("yes", "yes"), "patterns")["value"]["recurring"]
    assert (row["count"], row["base_rate"], row["p"], row["beyond_chance"]) == (2, None, None, False)


def test_an_item_counts_once_in_a_result_and_one_result_has_no_patterns() -> None:
    assert merge(results(["x", "x"]), "patterns")["value"] == {
        "recurring": [],
        "alone": [{"field": "", "item": "x", "branch": "a"}],
    }


def test_the_tail_of_the_binomial_by_hand() -> None:
    assert binomial_tail(2, 3, 0.5) == pytest.approx(0.5)  # (3 + 1) / 8
    assert binomial_tail(3, 3, 0.1) == pytest.approx(0.001)
    assert binomial_tail(0, 3, 0.1) == 1.0
    assert (binomial_tail(1, 3, 0.0), binomial_tail(1, 3, 1.0)) == (0.0, 1.0)


def test_the_correction_of_benjamini_and_hochberg_by_hand() -> None:
    # sorted 0.01, 0.02, 0.03, 0.5: 0.01 * 4 / 1 = 0.04, 0.02 * 4 / 2 = 0.04, 0.03 * 4 / 3 = 0.04, 0.5
    assert adjusted([0.5, 0.01, 0.03, 0.02]) == pytest.approx([0.5, 0.04, 0.04, 0.04])
    assert adjusted([]) == []
