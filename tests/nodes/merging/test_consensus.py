"""Consensus: one label for each item, and a word to a human where too few agree."""

from __future__ import annotations

import math
import warnings
from random import Random

import pytest

from langgraph_quorum.nodes.merging.merge import as_result, merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus
from tests.nodes.merging.scored import QUALITY_ONLY, results


def test_a_majority_counts_heads_and_consensus_by_weight_counts_weight() -> None:
    made = results("yes", "no", "no", qualities=[0.9, 0.3, 0.3])
    by_heads = merge(made, Consensus("majority"), QUALITY_ONLY)
    assert by_heads["value"] == "no"
    assert [row["weight"] for row in by_heads["attribution"]] == pytest.approx([1 / 3] * 3)  # a vote each
    assert by_heads["quality"] == pytest.approx(0.5)  # and the quality of those votes: (0.9 + 0.3 + 0.3) / 3
    by_weight = merge(made, "consensus", QUALITY_ONLY)
    assert by_weight["value"] == "yes"
    assert by_weight["support"] == {"": pytest.approx(0.6)}  # 0.9 of 1.5
    assert by_weight["metadata"] == {"method": "weighted", "agreement": {"value": pytest.approx(0.6)}}


def test_below_the_agreement_asked_for_the_label_is_given_and_a_human_is_asked_to_look() -> None:
    made = results({"risk": "high", "due": 3}, {"risk": "high", "due": 3}, {"risk": "low", "due": 3})
    merged = merge(made, Consensus("majority", agreement=0.7))
    assert merged["value"] == {"due": 3, "risk": "high"}
    assert merged["review"] == ["risk: only 67% agree on 'high', 70% asked for"]
    assert merge(made, Consensus("majority", agreement=0.6))["review"] == []
    assert merged["dissent"] == [{"field": "risk", "value": "low", "share": pytest.approx(1 / 3), "branches": ["c"]}]
    assert merged["discarded"] == [{"branch_id": "c", "field": "risk", "why": "outvoted by 'high'"}]


def test_a_tie_goes_by_weight_then_by_spelling_and_is_for_review() -> None:
    merged = merge(results("b", "a"), Consensus("majority"))
    assert (merged["value"], merged["review"]) == ("a", ["only 50% agree on 'a', 60% asked for"])
    assert merge(results("b", "a", qualities=[0.9, 0.1]), Consensus("majority"))["value"] == "b"


def test_who_lacks_a_field_has_no_voice_in_it_and_one_is_no_true() -> None:
    assert merge(results({"x": 1, "y": "p"}, {"x": 1.0, "y": None}, {}), "consensus")["value"] == {"x": 1, "y": "p"}
    assert merge(results(True, 1, 1), Consensus("majority"))["value"] == 1


def test_log_odds_lets_one_good_voice_outvote_three_poor_ones() -> None:
    # log(0.9 / 0.1) = 2.197 against 3 * log(0.6 / 0.4) = 1.216; by weight it would be 0.9 against 1.8
    made = results("yes", "no", "no", "no", qualities=[0.9, 0.6, 0.6, 0.6])
    merged = merge(made, Consensus("log_odds"), QUALITY_ONLY)
    assert merged["value"] == "yes"
    votes = [math.log(9), *[math.log(1.5)] * 3]
    assert [row["weight"] for row in merged["attribution"]] == pytest.approx([vote / sum(votes) for vote in votes])
    assert merge(made, "consensus", QUALITY_ONLY)["value"] == "no"


def crowd(seed: int = 3, liars: int = 0, qualities: float | None = None) -> tuple[list[Scored], dict[str, str]]:
    """Five specialists on sixty items of two labels: one right in 95 %, four in 65 %; liars say the opposite."""
    random = Random(seed)
    truth = {f"i{number}": random.choice(["cat", "dog"]) for number in range(60)}
    made = []
    for place, accuracy in enumerate([0.95, 0.65, 0.65, 0.65, 0.65, *[0.1] * liars]):
        labels = {
            item: label if random.random() < accuracy else {"cat": "dog", "dog": "cat"}[label]
            for item, label in truth.items()
        }
        made.append(Scored(f"b{place}", f"s{place}", labels, None if qualities is None else accuracy))
    return made, truth


def right(labels: dict[str, str], truth: dict[str, str]) -> float:
    return sum(labels[item] == label for item, label in truth.items()) / len(truth)


def test_dawid_skene_finds_out_who_is_reliable_without_being_told() -> None:
    made, truth = crowd()
    merged = merge(made, Consensus("dawid_skene"))
    assert right(merged["value"], truth) > right(merge(made, Consensus("majority"))["value"], truth)
    reliability = merged["metadata"]["reliability"]
    assert max(reliability, key=reliability.__getitem__) == "s0"
    assert merge(made[::-1], Consensus("dawid_skene")) == merged


def test_nothing_is_heard_of_what_pandas_tells_the_authors_of_crowd_kit() -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        merge(crowd()[0], Consensus("dawid_skene"))
    # A collection of garbage may come just now, and tell of what other tests have left open.
    assert [str(one.message) for one in heard if one.category is not ResourceWarning] == []


def test_what_was_measured_keeps_a_majority_that_lies_from_turning_the_truth_round() -> None:
    unknown, truth = crowd(liars=6)
    assert right(merge(unknown, Consensus("dawid_skene"))["value"], truth) < 0.2
    known, truth = crowd(liars=6, qualities=1)
    assert right(merge(known, Consensus("dawid_skene"))["value"], truth) > 0.9


def test_with_too_few_items_to_learn_from_dawid_skene_is_a_vote_by_weight_that_says_so() -> None:
    made = results({"x": "p"}, {"x": "q"}, {"x": "p"})
    merged = merge(made, Consensus("dawid_skene"))
    assert merged["value"] == {"x": "p"}
    assert merged["metadata"]["method"] == "weighted"
    said = "1 item labelled by two specialists or more, Dawid-Skene needs 10: voted by weight instead"
    assert merged["review"] == [said]


def test_dawid_skene_keeps_what_holds_for_every_strategy() -> None:
    strategy = Consensus("dawid_skene")
    made, _ = crowd(qualities=1)
    merged = merge(made, strategy)
    assert merge([*made[::-1], made[2]], strategy) == merged
    again = merge([as_result(merged)], strategy)
    assert (again["value"], again["quality"]) == (merged["value"], merged["quality"])
    weights = {row["branch_id"]: row["weight"] for row in merged["attribution"]}
    assert math.isclose(math.fsum(weights.values()), 1.0)
    better = [made[0], made[1]._replace(quality=0.9), *made[2:]]
    assert {row["branch_id"]: row["weight"] for row in merge(better, strategy)["attribution"]}["b1"] > weights["b1"]
    low, high = merged["confidence_interval"]
    assert low <= merged["quality"] <= high


@pytest.mark.parametrize(
    "values",
    [
        ["yes", "yes"],
        ["yes", "no"],
        [{"x": None}, {"x": 1}],
        [{}, {}],
        [{"x": "p"}],
        [{"x": True}, {"x": 1}, {"x": "1"}],
    ],
)
def test_dawid_skene_stands_the_smallest_of_sets(values: list[object]) -> None:
    made = results(*values, qualities=[1.0, 0.0][: len(values)])
    assert merge(made, Consensus("dawid_skene", least_items=1))["value"] == merge(made, "consensus")["value"]
