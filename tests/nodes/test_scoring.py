"""Scores: measured or missing, never made up; and a broken scorer does not cost a finished result."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.scoring.consistency import consistencies
from langgraph_quorum.nodes.scoring.quality import EVIDENCE_LENGTH
from langgraph_quorum.nodes.scoring.scorer import scored_by
from langgraph_quorum.nodes.scoring.stated import measured, score_as_measured
from langgraph_quorum.state.records import Quality


async def answer(branch: Branch) -> str:
    return branch.task


BRANCH = Branch("b", "task")
EXPERT = Specialist("expert", answer, expects=("title", "body"))


async def scored_with(scorer: Any, result: Any = None) -> Quality:
    found = scored_by(scorer)(EXPERT, BRANCH, result)
    quality = found if found is None or isinstance(found, dict) else await found
    assert quality is not None
    return quality


def test_the_shipped_score_is_the_mean_of_stated_confidence_and_completeness() -> None:
    quality = measured({"confidence": 0.9, "title": "T", "body": ""}, ("title", "body"))
    assert (quality["confidence"], quality["completeness"]) == (0.9, 0.5)  # one of two fields holds something
    assert quality["score"] == pytest.approx(0.7)  # (0.9 + 0.5) / 2
    assert quality["evidence"] == ["it states a confidence of 0.90", "1 of 2 expected fields, not ['body']"]


@pytest.mark.parametrize("confidence", [True, "0.9", 90, 1.1, -0.1, float("nan"), ["sure"] * 100])
def test_a_confidence_that_is_no_fraction_is_not_counted_and_the_evidence_says_what_to_give(confidence: Any) -> None:
    for expects in ((), ("title",)):
        quality = measured({"confidence": confidence, "title": "T"}, expects)
        assert (quality["confidence"], quality["score"]) == (None, 1.0 if expects else None)
        assert quality["evidence"][0].startswith("it states confidence=")
        assert quality["evidence"][0].endswith(", which does not count: give a number from 0 to 1")


def test_no_confidence_is_not_remarked_upon() -> None:
    assert measured({"confidence": None}, ()) == measured({}, ())
    assert measured({}, ())["evidence"] == []


@pytest.mark.parametrize("result", [None, "text", 3, [1], {}])
def test_a_result_that_says_nothing_of_itself_has_no_score(result: Any) -> None:
    assert measured(result, ())["score"] is None
    assert measured(result, ("title",))["score"] == 0.0  # but what was asked for can be missed


@pytest.mark.parametrize("expects", [(), ("title",)])
def test_that_a_specialist_returned_nothing_is_in_the_evidence(expects: tuple[str, ...]) -> None:
    assert measured(None, expects)["evidence"][0].startswith("it returned nothing: return a value, or raise")
    assert not any("nothing:" in line for line in measured({}, expects)["evidence"])


async def test_the_shipped_scorer_measures_against_what_the_specialist_is_expected_to_give() -> None:
    quality = score_as_measured(EXPERT, BRANCH, {"title": "T", "body": "B"})
    assert quality["completeness"] == 1.0


async def test_a_scorer_may_be_sync_async_or_a_lambda_around_either() -> None:
    async def slow(branch: Branch, result: Any) -> float:
        return 0.5

    for scorer in (lambda _branch, _result: 0.5, slow, lambda branch, _result: slow(branch, None)):
        assert (await scored_with(scorer))["score"] == 0.5


async def test_a_scorer_may_give_all_parts_of_a_quality() -> None:
    given = {"score": np.float64(0.6), "confidence": 0.4, "completeness": 7, "evidence": ("read it",)}
    quality = await scored_with(lambda _branch, _result: given)
    assert quality["score"] == 0.6
    assert type(quality["score"]) is float
    assert (quality["confidence"], quality["completeness"]) == (0.4, None)  # 7 is no fraction
    assert quality["evidence"][0] == "read it"
    assert quality["evidence"][1].endswith("gave completeness=7: give a number from 0 to 1")


@pytest.mark.parametrize("given", [float("nan"), 1.5, -0.1, True, "good", None, {"score": 2}, [0.5]])
async def test_a_score_that_is_no_fraction_is_missing_and_says_so(given: Any) -> None:
    quality = await scored_with(lambda _branch, _result: given)
    assert quality["score"] is None
    assert "a number from 0 to 1" in quality["evidence"][0]


@pytest.mark.parametrize("error", [ValueError("no judge"), SystemExit(3)])
async def test_a_scorer_that_raises_leaves_the_score_missing(error: BaseException) -> None:
    def broken(branch: Branch, result: Any) -> float:
        raise error

    quality = await scored_with(broken)
    assert quality["score"] is None
    assert quality["evidence"] == [f"scorer 'broken' raised {type(error).__name__}: {error}"]


async def test_evidence_that_is_a_text_is_one_line() -> None:
    quality = await scored_with(lambda _branch, _result: {"score": 0.5, "evidence": "why"})
    assert quality["evidence"] == ["why"]


@pytest.mark.parametrize("given", [np.float32(0.5), np.float16(0.5), Fraction(1, 2)])
async def test_a_number_of_another_library_counts(given: Any) -> None:
    quality = await scored_with(lambda _branch, _result: {"score": given, "confidence": given, "cost": given})
    assert [(type(part), part) for part in (quality["score"], quality["confidence"], quality["cost"])] == [
        (float, 0.5)
    ] * 3
    assert (await scored_with(lambda _branch, _result: given))["score"] == 0.5


async def test_evidence_can_be_stored_whatever_it_holds() -> None:
    quality = await scored_with(lambda _branch, _result: {"score": 0.5, "evidence": ["a\0b\ud800", "long " * 1000]})
    assert quality["evidence"][0] == "a\ufffdb\ufffd"
    assert len(quality["evidence"][1]) == EVIDENCE_LENGTH


async def test_a_scorer_that_is_an_object_goes_by_its_class() -> None:
    class Picky:
        async def __call__(self, branch: Branch, result: Any) -> float:
            return 3.0

    assert (await scored_with(Picky()))["evidence"] == [
        "scorer 'Picky' gave 3.0: give a number from 0 to 1 or a Quality"
    ]


def peer(name: str, value: Any, *, kind: str = "review", group: str = "doc") -> Scored:
    return Scored(name, name, value, group=group, type=kind)


def test_numbers_agree_by_their_distance_lists_by_what_they_share_words_when_equal() -> None:
    found = consistencies(
        [
            peer("a", {"n": 8, "tags": ["x", "y"], "tone": "dry", "only_a": 1}),
            peer("b", {"n": 10, "tags": ["y", "z"], "tone": "dry"}),
        ]
    )
    # 1 - 2/10 = 0.8; {y} of {x, y, z} = 1/3; equal = 1; the field that b lacks does not count
    assert found == pytest.approx({"a": (0.8 + 1 / 3 + 1) / 3, "b": (0.8 + 1 / 3 + 1) / 3})


def test_who_disagrees_with_two_others_is_the_least_consistent() -> None:
    found = consistencies([peer("a", {"n": 5}), peer("b", {"n": 5}), peer("odd", {"n": -5})])
    assert found == {"a": 0.5, "b": 0.5, "odd": 0.0}  # (1 + 0)/2; opposite signs do not agree at all


def test_only_the_same_type_on_the_same_subject_answers_the_same_question() -> None:
    alone = [
        peer("a", {"n": 1}),
        peer("b", {"n": 1}, kind="summary"),
        peer("c", {"n": 1}, group="other"),
        peer("d", {"n": 1}, kind=""),
        peer("e", {"n": 1}, kind=""),
        peer("f", "text"),
    ]
    assert consistencies(alone) == {}


def test_confidence_is_no_finding_to_agree_on() -> None:
    assert consistencies([peer("a", {"confidence": 0.9}), peer("b", {"confidence": 0.9})]) == {}
