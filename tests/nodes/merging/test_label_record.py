"""A record of labels: what an answer says of each, by who tends to say what when which is true."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langgraph_quorum.nodes.merging.label_record import LabelRecord
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus
from langgraph_quorum.state.errors import ConfigurationError
from tests.nodes.merging.scored import results


def record() -> LabelRecord:
    """a is right in 8 of 10; b too, but takes half of the cats for dogs; c always says the next label."""
    after = {"cat": "dog", "dog": "fox", "fox": "cat"}
    return LabelRecord(
        {
            "a": [(label if place % 5 else after[label], label) for label in after for place in range(10)],
            "b": [("dog" if label == "cat" and place % 2 else label, label) for label in after for place in range(10)],
            "c": [(after[label], label) for label in after for _ in range(10)],
        }
    )


def test_chances_are_those_that_were_counted_drawn_towards_the_accuracy() -> None:
    evidence = record().evidence()
    assert evidence.accuracy("b") == (25 + 1) / (30 + 2)

    def chance(said: str) -> float:
        return math.exp(evidence.log_chance(("b", f'"{said}"', None), '"cat"'))

    sure = (5 + 20 * 26 / 32) / (10 + 20)  # of ten cats five right, drawn by 20 that are as good as b in general
    assert chance("cat") == pytest.approx(sure)
    assert chance("dog") == pytest.approx((1 - sure) * (5 + 0.5) / (5 + 2 * 0.5))
    assert chance("fox") == pytest.approx((1 - sure) * (0 + 0.5) / (5 + 2 * 0.5))
    assert math.exp(evidence.log_prior('"cat"')) == pytest.approx(30 + 1)


def test_who_is_always_wrong_in_the_same_way_tells_what_is_true() -> None:
    strategy, made = Consensus("log_odds", record=record()), results("fox", "dog", "cat")
    assert merge(made[:2], strategy)["value"] == "dog"  # b takes no fox for a dog, a some dogs for foxes
    merged = merge(made, strategy)
    assert merged["value"] == "fox"  # which c always calls a cat
    assert merge(made, Consensus("majority"))["value"] == "cat"
    assert merged["metadata"]["reliability"] == {"a": 25 / 32, "b": 26 / 32, "c": 1 / 32}
    weights = {row["branch_id"]: row["weight"] for row in merged["attribution"]}
    assert weights["b"] > weights["a"] > 0.4
    assert 0 < weights["c"] < 0.001  # for the label that it gave, c counts next to nothing
    assert [one["branches"] for one in merged["dissent"]] == [["b"], ["c"]]


def test_what_is_frequent_needs_less_evidence() -> None:
    rare = LabelRecord(
        {"a": [("ham", "ham")] * 76 + [("spam", "ham")] * 19 + [("spam", "spam")] * 4 + [("ham", "spam")]}
    )
    made = results("spam", "ham", "spam")
    by_heads = merge(made, Consensus("majority"))
    assert by_heads["value"] == "spam"
    made = [one._replace(specialist="a") for one in made]
    assert merge(made, Consensus("log_odds", record=rare))["value"] == "ham"  # 80 % right, of a label in twenty cases


def test_a_specialist_that_the_record_does_not_know_votes_by_its_quality() -> None:
    made = results("cat", "dog", "dog", qualities=[0.5, 0.9, 0.9])
    known = [made[0], made[1]._replace(specialist="p"), made[2]._replace(specialist="q")]
    merged = merge(known, Consensus("log_odds", record=record()))
    assert (merged["value"], merged["metadata"]["reliability"]) == ("dog", {"a": 25 / 32})
    strangers = [one._replace(specialist=f"x{one.branch_id}") for one in made]
    merged = merge(strangers, Consensus("log_odds", record=record()))
    assert merged["value"] == merge(strangers, Consensus("log_odds"))["value"] == "dog"
    assert "no specialist is in the record of labels: voted by quality instead" in merged["review"]


def of_equals() -> LabelRecord:
    """a and b are both right in 15 of 20."""
    return LabelRecord({name: [("x", "x"), ("y", "y")] * 7 + [("x", "x"), *[("x", "y")] * 5] for name in "ab"})


def test_a_quality_of_its_own_takes_the_place_of_the_accuracy() -> None:
    said = [one._replace(specialist=name) for one, name in zip(results("x", "y"), "ab", strict=True)]
    evidence = of_equals().evidence()
    accuracy = 16 / 22
    for quality in (0.3, 0.95):
        plain, told = (evidence.log_chance(("b", '"y"', one), '"y"') for one in (None, quality))
        # odds of the quality over those of the accuracy
        assert told - plain == pytest.approx(math.log(quality / (1 - quality) / (accuracy / (1 - accuracy))))
        assert evidence.log_chance(("b", '"y"', quality), '"x"') == evidence.log_chance(("b", '"y"', None), '"x"')
    own = Consensus("log_odds", record=of_equals(), own_quality=True)
    sure_of_x, sure_of_y = (
        [said[0]._replace(quality=first), said[1]._replace(quality=second)]
        for first, second in ((0.99, 0.3), (0.3, 0.99))
    )
    assert (merge(sure_of_x, own)["value"], merge(sure_of_y, own)["value"]) == ("x", "y")
    weights = {row["branch_id"]: row["weight"] for row in merge(sure_of_y, own)["attribution"]}
    assert weights["b"] > 0.9
    silent = [one._replace(quality=None) for one in said]
    by_record = Consensus("log_odds", record=of_equals())
    assert merge(silent, own)["metadata"] == merge(sure_of_y, by_record)["metadata"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.none() | st.floats(0, 1)), min_size=2, max_size=5),
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("xyz")), max_size=20),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_better_quality_of_its_own_never_makes_a_label_less_probable(
    said: list[tuple[str, float | None]], seen: list[tuple[str, str]], one: float, other: float
) -> None:
    strategy = Consensus("log_odds", record=LabelRecord({"a": seen, "b": seen[::2]}), own_quality=True)
    made = [Scored(f"b{place}", "abc"[place % 3], label, quality) for place, (label, quality) in enumerate(said)]
    low, high = (merge([made[0]._replace(quality=quality), *made[1:]], strategy) for quality in sorted([one, other]))
    if low["value"] == made[0].value:
        assert high["value"] == low["value"]
        assert high["metadata"]["agreement"]["value"] >= low["metadata"]["agreement"]["value"] - 1e-9


def test_labels_that_the_record_does_not_know_are_voted_on_by_accuracy() -> None:
    made = [one._replace(specialist=name) for one, name in zip(results("owl", "owl", "elk"), "abc", strict=True)]
    assert merge(made, Consensus("log_odds", record=record()))["value"] == "owl"


def test_what_is_added_counts_from_then_on() -> None:
    growing = LabelRecord({"a": [("x", "x")] * 10, "b": [("y", "y")] * 10})
    made = [one._replace(specialist=name) for one, name in zip(results("x", "y"), "ab", strict=True)]
    for _ in range(40):
        growing.add("b", "y", "x")
    assert (growing.count("b"), growing.count("nobody"), growing.accuracy("nobody")) == (50, 0, 0.5)
    assert merge(made, Consensus("log_odds", record=growing))["value"] == "x"


def test_it_is_kept_as_json(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    record().save(path)
    again = LabelRecord.load(path)
    assert again.evidence() == record().evidence()
    again.add("a", True, 1)
    again.save(path)
    assert json.loads(path.read_text())["a"]["1"] == {"true": 1}


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"a": 1}', '{"a": {"x": {"y": 0}}}', '{"a": {"x": {"y": true}}}', '{"a": {"x": {"y": "1"}}}']
)
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="give what LabelRecord"):
        LabelRecord.load(path)


@pytest.mark.parametrize(
    ("label", "mend"),
    [(None, "give one label"), ({"x": 1}, "give one label"), ({1}, "give a label that is JSON")],
)
def test_what_is_no_label_is_refused(label: Any, mend: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^said=.*{mend}"):
        LabelRecord().add("a", label, "x")


def test_a_record_is_for_log_odds() -> None:
    with pytest.raises(ConfigurationError, match=r"Consensus\.record='majority': give a record with method='log_odds'"):
        Consensus("majority", record=record())
    wrong: Any = {"a": []}
    with pytest.raises(ConfigurationError, match="give a LabelRecord"):
        Consensus("log_odds", record=wrong)
    with pytest.raises(ConfigurationError, match=r"Consensus\.own_quality=True: give a record with it"):
        Consensus("log_odds", own_quality=True)
    with pytest.raises(ConfigurationError, match=r"Consensus\.own_quality='yes': give True or False"):
        Consensus("log_odds", record=record(), own_quality="yes")  # type: ignore[arg-type]
