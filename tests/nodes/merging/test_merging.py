"""Merging: many results of unequal worth made one, in whatever order they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.nodes.merging.grouped import by_group
from langgraph_quorum.nodes.merging.merge import as_result, merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus, Made, Weighted, strategy_named
from langgraph_quorum.state.errors import ConfigurationError, ResultError
from langgraph_quorum.state.policies import WeightPolicy

QUALITY_ONLY = WeightPolicy(quality_share=1.0, speed_share=0.0)


def results(*values: Any, qualities: Sequence[float | None] = ()) -> list[Scored]:
    """Branches a, b, c, ... with these values; each of the same quality unless named."""
    given_qualities = [*qualities, *[0.5] * (len(values) - len(qualities))]
    return [
        Scored(branch_id=chr(97 + number), specialist="s", value=value, quality=quality)
        for number, (value, quality) in enumerate(zip(values, given_qualities, strict=True))
    ]


def weighted(*values: Any, qualities: Sequence[float | None] = ()) -> Any:
    return merge(results(*values, qualities=qualities), "weighted", QUALITY_ONLY)["value"]


def test_nothing_merged_is_no_data_and_not_an_error() -> None:
    merged = merge([], failed=["b", "a"])
    assert merged["status"] == "no data"
    assert (merged["value"], merged["quality"], merged["sources_count"]) == (None, 0.0, 0)
    assert (merged["partial"], merged["failed"], merged["attribution"]) == (True, ["a", "b"], [])


def test_merge_all_keeps_every_result_by_branch() -> None:
    assert merge(results("x", {"y": 1}), "merge_all")["value"] == {"a": "x", "b": {"y": 1}}


def test_best_takes_the_heaviest_and_of_equals_the_first_by_name() -> None:
    assert merge(results("x", "y", qualities=[0.4, 0.9]), "best")["value"] == "y"
    assert merge(results("x", "y"), "best")["metadata"] == {"chosen": "a", "weight": 0.5}


def test_numbers_are_averaged_by_weight() -> None:
    assert weighted(10, 20, qualities=[0.25, 0.75]) == 17.5  # 0.25 * 10 + 0.75 * 20
    assert weighted(7) == 7.0


def test_categories_are_voted_on_and_dissent_is_named() -> None:
    merged = merge(results("yes", "no", "no", qualities=[0.9, 0.3, 0.3]), "weighted", QUALITY_ONLY)
    assert merged["value"] == "yes"  # 0.9 against 0.3 + 0.3
    assert merged["support"] == pytest.approx({"": 0.6})
    (dissent,) = merged["dissent"]
    assert dissent == {"field": "", "value": "no", "share": pytest.approx(0.4), "branches": ["b", "c"]}
    assert [(one["branch_id"], one["why"]) for one in merged["discarded"]] == [
        ("b", "outvoted by 'yes'"),
        ("c", "outvoted by 'yes'"),
    ]
    assert merged["sources"] == ["a"]


def test_true_is_a_vote_and_not_a_one() -> None:
    assert weighted(True, False, True) is True


def test_texts_are_chosen_and_lists_united_best_supported_first() -> None:
    long, longer = "a sentence of more than forty characters in all", "another sentence of more than forty characters"
    assert weighted(longer, long, qualities=[0.4, 0.6]) == long
    assert weighted(longer, long) == longer  # equals: the first by name, as with `best`
    assert weighted(["x", "y"], ["y", "z"], qualities=[0.6, 0.4]) == ["y", "x", "z"]


def test_fields_are_merged_one_by_one_and_a_missing_one_costs_nothing() -> None:
    assert weighted({"n": 1, "word": "p"}, {"n": 3}) == {"n": 2.0, "word": "p"}


def test_where_kinds_differ_the_one_with_most_weight_wins_and_the_others_are_noted() -> None:
    merged = merge(results(1, 3, "a lot"), "weighted", QUALITY_ONLY)
    assert merged["value"] == 2.0
    assert merged["discarded"] == [
        {"branch_id": "c", "field": "", "why": "a category, where most weight holds a number"}
    ]
    assert weighted(None, None, None, 4) == 4.0  # nothing never wins over something
    assert weighted(None, None) is None


def test_a_field_that_only_worthless_results_hold_is_still_merged() -> None:
    first, second = {"n": 1, "word": "p"}, {"n": 3, "word": "q"}
    assert weighted({"x": 1}, first, second, qualities=[1.0, 0.0, 0.0]) == {"n": 2.0, "word": "p", "x": 1.0}


def test_the_merged_result_carries_all_that_explains_it() -> None:
    merged = merge(results(1, 3, qualities=[0.6, None]), "weighted", failed=["c"])
    # raw weights 0.7 * 0.6 = 0.42 and 0.7 * 0.5 = 0.35, sum 0.77; quality (0.42 * 0.6 + 0.35 * 0.5) / 0.77
    assert merged["quality"] == pytest.approx(0.427 / 0.77)
    assert merged["success_rate"] == pytest.approx(2 / 3)
    assert merged["integration_confidence"] == pytest.approx(0.427 / 0.77 * 2 / 3)
    assert merged["quality_distribution"] == pytest.approx({"min": 0.5, "median": 0.55, "mean": 0.55, "max": 0.6})
    assert [row["quality_assumed"] for row in merged["attribution"]] == [False, True]
    low, high = merged["confidence_interval"]
    assert 0 <= low <= merged["quality"] <= high <= 1
    assert (merged["partial"], merged["failed"], merged["sources_count"]) == (True, ["c"], 2)


def test_a_strategy_of_ones_own_gets_results_heaviest_first_and_their_weights() -> None:
    def longest(ordered: Sequence[Scored], weights: Mapping[str, float]) -> Made:
        assert [result.branch_id for result in ordered] == ["b", "a"]
        assert weights == pytest.approx({"a": 0.25, "b": 0.75})
        return Made("mine", {"why": "length"})

    merged = merge(results("x", "y", qualities=[0.25, 0.75]), longest, QUALITY_ONLY)
    assert (merged["value"], merged["strategy"], merged["metadata"]) == ("mine", "longest", {"why": "length"})


def test_wrong_strategies_are_refused_with_the_mend() -> None:
    with pytest.raises(ConfigurationError, match=r"merge='wieghted': did you mean 'weighted'\?"):
        strategy_named("wieghted")
    with pytest.raises(ConfigurationError, match=r"merge='xyz': there are best, consensus, .*; or give a function"):
        strategy_named("xyz")
    with pytest.raises(ConfigurationError, match=r"merge='synthesis': give Synthesis\(model\)"):
        strategy_named("synthesis")
    with pytest.raises(ConfigurationError, match=r"merge='Consensus': give one that is made: Consensus\(...\)"):
        strategy_named(Consensus)  # type: ignore[arg-type]


def test_a_strategy_of_ones_own_may_return_the_plain_value() -> None:
    merged = merge(results(1), lambda ordered, weights: {"seen": {3}})
    assert (merged["value"], merged["metadata"]) == ({"seen": [3]}, {})
    with pytest.raises(ResultError, match="merged"):
        merge(results(1), lambda ordered, weights: object())


def test_each_group_is_merged_by_itself_and_what_is_for_review_names_its_group() -> None:
    made = [one._replace(group=group) for one, group in zip(results("p", "q", "r"), "xxy", strict=True)]
    merged = merge(made, by_group("consensus"))
    assert {group: part["value"] for group, part in merged["value"].items()} == {"x": "p", "y": "r"}
    assert merged["review"] == ["x: only 50% agree on 'p', 60% asked for"]


def test_groups_are_weighed_by_the_policy_of_the_merge() -> None:
    # quality alone: 0.9 and 0.3 weigh 3/4 and 1/4, and the quality is 0.75 * 0.9 + 0.25 * 0.3; with no policy of theirs
    # 0.7 * 0.9 + 0.15 and 0.7 * 0.3 + 0.3 after 60 and 0 seconds
    made = [Scored("a", "a", 8.0, 0.9, 60, "x"), Scored("b", "b", 4.0, 0.3, 0, "x"), Scored("c", "c", 1.0, 0.5, 9, "y")]
    group = merge(made, by_group("weighted"), QUALITY_ONLY)["value"]["x"]
    assert group["contributions"] == pytest.approx({"a": 0.75, "b": 0.25})
    assert (group["value"], group["quality"]) == pytest.approx((7.0, 0.75))
    group = merge(made, by_group("weighted"))["value"]["x"]
    assert group["contributions"] == pytest.approx({"a": 0.78 / 1.29, "b": 0.51 / 1.29})


def test_a_group_is_not_merged_by_what_is_no_strategy() -> None:
    with pytest.raises(ConfigurationError, match="nope"):
        by_group("nope")  # type: ignore[arg-type]


def test_the_interval_of_the_quality_is_made_as_asked_or_as_the_strategy_says() -> None:
    made = results(*range(6), qualities=[0.5, 0.6, 0.7, 0.7, 0.8, 0.9])
    assert merge(made)["interval_method"].startswith("Student t")
    assert merge(made, interval="bootstrap")["interval_method"] == "weighted bootstrap-t, 999 draws"
    asked = merge(made, Weighted(interval="bootstrap"))
    assert asked["interval_method"] == "weighted bootstrap-t, 999 draws"
    assert asked["metadata"]["fields"]["value"]["interval_method"] == "weighted bootstrap-t, 999 draws"


def test_what_was_gathered_can_be_gathered_with_more() -> None:
    first = merge(results("x", "y"), "merge_all")
    third = Scored("c", "s", "z")
    assert merge([as_result(first), third], "merge_all")["value"] == {"a": "x", "b": "y", "c": "z"}


def test_what_all_agree_on_keeps_its_kind() -> None:
    value = merge(results({"count": 3, "share": 0.5}, {"count": 3, "share": 0.5}))["value"]
    assert value == {"count": 3, "share": 0.5}
    assert type(value["count"]) is int


scores = st.none() | st.floats(0, 1)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8), st.lists(scores, min_size=8, max_size=8))
def test_a_weighted_number_lies_between_the_smallest_and_the_largest(numbers: list[float], given_scores: Any) -> None:
    made = results(*numbers, qualities=given_scores[: len(numbers)])
    merged = merge(made, "weighted")["value"]
    assert min(numbers) - 1e-6 <= merged <= max(numbers) + 1e-6


@given(st.lists(st.lists(st.sampled_from(["x", "y", "z", 1, 1.0, True, None]), max_size=5), min_size=1, max_size=6))
def test_who_holds_an_item_is_told_whatever_others_hold(lists: list[list[Any]]) -> None:
    def same(one: Any, other: Any) -> bool:
        return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)

    merged = merge(results(*lists), "weighted", QUALITY_ONLY)
    told = merged["metadata"]["fields"].get("value", {}).get("held_by", [["a"]] * len(merged["value"]))
    for number, (item, branches) in enumerate(zip(merged["value"], told, strict=True)):
        held = [chr(97 + place) for place, one in enumerate(lists) if any(same(item, other) for other in one)]
        assert branches == held
        assert merged["support"][str(number)] == pytest.approx(len(held) / len(lists))
