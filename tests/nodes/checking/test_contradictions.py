"""Results that say different things about the same are told apart, with who stands on which side."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.nodes.checking.contradictions import SHOWN, contradictions
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import BranchRecord
from tests.nodes.checking.shown import answers, checked, found, merged_of
from tests.state.written import record


def test_numbers_within_the_tolerance_agree() -> None:
    assert found(contradictions(0.05), answers(a={"price": 100}, b={"price": 104.9})) == []


def test_numbers_beyond_the_tolerance_are_told_with_the_branches_on_both_sides() -> None:
    (one,) = found(contradictions(0.05), answers(a={"price": 100}, b={"price": 120}, c={"price": 101}))
    assert (one["field"], one["branches"], one["severity"]) == ("price", ["a", "b", "c"], "error")
    assert one["message"] == "price: 100 (a, c) against 120 (b)"


def test_words_and_booleans_disagree_when_they_are_not_equal() -> None:
    shown = answers(a={"ok": True, "grade": "A"}, b={"ok": False, "grade": "A"})
    assert [one["field"] for one in found(contradictions(), shown)] == ["ok"]


def test_a_number_against_a_word_is_a_contradiction() -> None:
    (one,) = found(contradictions(), answers(a={"x": 1}, b={"x": "one"}))
    assert one["message"] == "x: 'one' (b) against 1 (a)"


def test_true_is_not_one() -> None:
    assert len(found(contradictions(), answers(a={"x": True}, b={"x": 1}))) == 1


def test_nested_fields_have_dotted_paths_and_bare_values_none() -> None:
    (nested,) = found(contradictions(), answers(a={"t": {"net": 1}}, b={"t": {"net": 2}}))
    assert nested["field"] == "t.net"
    (bare,) = found(contradictions(), answers(a="yes", b="no"))
    assert "field" not in bare
    assert bare["message"] == "the result: 'no' (b) against 'yes' (a)"


def test_texts_lists_nothing_and_a_stated_confidence_are_not_compared() -> None:
    one = {"text": "x" * 41, "lines": "a\nb", "list": [1], "none": None, "confidence": 0.2}
    other = {"text": "y" * 41, "lines": "a\nc", "list": [2], "none": 3, "confidence": 0.9}
    assert found(contradictions(), answers(a=one, b=other)) == []


def test_only_the_fields_asked_for_are_compared() -> None:
    shown = answers(a={"by": "a", "t": {"net": 1}, "tax": 1}, b={"by": "b", "t": {"net": 2}, "tax": 2})
    assert [one["field"] for one in found(contradictions(fields=("t", "ta")), shown)] == ["t.net"]


def test_results_about_different_groups_do_not_contradict_each_other() -> None:
    records: list[BranchRecord] = [
        {**record("a", result={"x": 1}), "group": "one.md"},
        {**record("b", result={"x": 2}), "group": "two.md"},
        {**record("c", result={"x": 9}), "group": "two.md"},
    ]
    (one,) = found(contradictions(), checked(merged_of(None, dict.fromkeys("abc")), records))
    assert one["message"] == "two.md: x: 2 (b) against 9 (c)"


def test_results_that_were_not_merged_are_not_compared() -> None:
    records = [record("a", result=1), record("b", result=9)]
    assert found(contradictions(), checked(merged_of(None, {"a": None}), records)) == []


def test_of_many_fields_the_first_are_told_and_the_others_counted() -> None:
    one, other = ({f"f{number:02}": value for number in range(SHOWN + 3)} for value in (1, 2))
    told = found(contradictions(), answers(a=one, b=other))
    assert (len(told), told[-1]["message"]) == (SHOWN + 1, "3 more fields disagree")


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8), st.floats(0, 1), st.randoms())
def test_the_order_of_the_results_does_not_matter(values: list[float], tolerance: float, random: Any) -> None:
    results = {f"b{number}": value for number, value in enumerate(values)}
    shuffled = list(results.items())
    random.shuffle(shuffled)
    check = contradictions(tolerance)
    assert found(check, answers(**results)) == found(check, answers(**dict(shuffled)))


@given(st.lists(st.floats(1, 1e6), min_size=2, max_size=8), st.floats(0, 1))
def test_there_is_a_contradiction_exactly_where_the_farthest_are_apart(values: list[float], tolerance: float) -> None:
    low, high = min(values), max(values)
    apart = high - low > max(tolerance, 1e-12) * high
    told = found(contradictions(tolerance), answers(**{f"b{number}": value for number, value in enumerate(values)}))
    assert bool(told) is apart


@pytest.mark.parametrize("tolerance", [-0.01, 1.01, float("nan"), "much"])
def test_a_tolerance_out_of_its_bounds_is_refused(tolerance: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^contradictions\.tolerance=.*: give a fraction from 0 to 1"):
        contradictions(tolerance)


def test_fields_that_are_no_list_of_names_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^contradictions\.fields='price': give a list of dotted paths"):
        contradictions(fields="price")
