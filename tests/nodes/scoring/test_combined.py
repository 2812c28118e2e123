"""Several scorers as one: what measured counts, what did not is named and never made up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.errors import GraphInterrupt

from langgraph_quorum import Branch, Scored, Specialist, Tuning, build_workflow, merge
from langgraph_quorum.nodes.scoring.combined import combined
from langgraph_quorum.nodes.scoring.completeness import expected, required
from langgraph_quorum.nodes.scoring.reported import reported
from langgraph_quorum.nodes.scoring.scorer import Scorer, scored_by
from langgraph_quorum.nodes.scoring.stated import measured
from langgraph_quorum.nodes.scoring.well_formed import OneOf, well_formed
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import Quality


async def answer(branch: Branch) -> dict[str, Any]:
    return {"text": "", "confidence": 0.8}


SPECIALIST = Specialist("s", answer, expects=("text", "body"))


async def score(scorer: Scorer, result: Any) -> Quality:
    found = scored_by(scorer)(SPECIALIST, Branch("b", "task"), result)
    quality = found if found is None or isinstance(found, dict) else await found
    assert quality is not None
    return quality


def half(branch: Branch, result: Any) -> float:
    return 0.5


async def most(branch: Branch, result: Any) -> float:
    return 0.9


def broken(branch: Branch, result: Any) -> float:
    raise ValueError("no judge")


def dizzy(branch: Branch, result: Any) -> float:
    return float("nan")


async def test_it_is_the_weighted_mean() -> None:
    quality = await score(combined({reported(): 3, half: 1}), {"confidence": 0.7})
    assert quality["score"] == pytest.approx(0.65)  # (3 * 0.7 + 0.5) / 4
    assert quality["confidence"] == 0.7
    assert quality["evidence"] == [
        "reported: it states a confidence of 0.70, not calibrated: 0 of 30 observations",
        "half: the number of scorer 'half'",
    ]


async def test_who_raises_or_gives_no_number_is_missing_and_named() -> None:
    quality = await score(combined({broken: 5, dizzy: 5, most: 1}), {})
    assert quality["score"] == 0.9
    assert quality["evidence"] == [
        "broken: scorer 'broken' raised ValueError: no judge",
        "dizzy: scorer 'dizzy' gave nan: give a number from 0 to 1 or a Quality",
        "most: the number of scorer 'most'",
    ]


async def test_who_has_nothing_to_measure_is_missing_and_named() -> None:
    quality = await score(combined({reported(): 1, required(["text"]): 1}), {"text": "x"})
    assert quality["score"] == 1.0
    assert quality["evidence"][0] == "reported: nothing to measure"


async def test_when_nothing_measured_the_score_is_missing() -> None:
    quality = await score(combined({broken: 1, reported(): 1}), {})
    assert quality["score"] is None


def test_a_missing_score_weighs_as_the_policy_assumes_and_is_marked() -> None:
    merged = merge([Scored("a", "s", "x", quality=None, seconds=0.0), Scored("b", "s", "x", quality=0.5, seconds=0.0)])
    marks = {row["branch_id"]: (row["quality"], row["quality_assumed"]) for row in merged["attribution"]}
    assert marks == {"a": (0.5, True), "b": (0.5, False)}


async def test_the_shipped_scorer_is_what_is_reported_with_what_is_expected() -> None:
    for result in ({"confidence": 0.8, "text": "x"}, {"confidence": 0.8}, {"text": "x"}):
        quality, shipped = (
            await score(combined({reported(): 1, expected(): 1}), result),
            measured(result, SPECIALIST.expects),
        )
        for part in ("score", "confidence", "completeness"):
            assert quality[part] == pytest.approx(shipped[part])


async def test_scorers_combine_in_depth() -> None:
    inner = combined({half: 1, most: 1})
    quality = await score(combined({inner: 1, well_formed(OneOf("x", [1])): 1}), {"x": 1})
    assert quality["score"] == pytest.approx(0.85)  # ((0.5 + 0.9) / 2 + 1) / 2


@pytest.mark.looptime
async def test_they_run_at_the_same_time() -> None:
    async def slow(branch: Branch, result: Any) -> float:
        await asyncio.sleep(10)
        return 1.0

    async def slower(branch: Branch, result: Any) -> float:
        await asyncio.sleep(15)
        return 0.0

    assert (await score(combined({slow: 1, slower: 1}), {}))["score"] == 0.5
    assert asyncio.get_running_loop().time() == pytest.approx(15)


@pytest.mark.looptime
async def test_when_it_is_cancelled_all_are() -> None:
    ended = []

    async def slow(branch: Branch, result: Any) -> float:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("slow")
        return 1.0

    async def other(branch: Branch, result: Any) -> float:
        return await slow(branch, result)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(score(combined({slow: 1, other: 1}), {}), 5)
    assert ended == ["slow", "slow"]


@pytest.mark.looptime
async def test_a_question_to_a_human_passes_through_and_ends_the_others() -> None:
    ended = []

    async def asks(branch: Branch, result: Any) -> float:
        raise GraphInterrupt

    async def slow(branch: Branch, result: Any) -> float:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("slow")
        return 1.0

    with pytest.raises(GraphInterrupt):
        await score(combined({slow: 1, asks: 1}), {})
    await asyncio.sleep(0)
    assert ended == ["slow"]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("scorers", {}),
        ("scorers", [half]),
        ("scorers", {"half": 1}),
        ("scorers[half]", {half: 0}),
        ("scorers[half]", {half: -1}),
        ("scorers[half]", {half: float("nan")}),
        ("scorers[half]", {half: float("inf")}),
        ("scorers[half]", {half: "1"}),
    ],
)
def test_weights_are_above_0(field: str, given: Any) -> None:
    with pytest.raises(ConfigurationError, match=": give ") as caught:
        combined(given)
    assert caught.value.field == field


async def test_a_run_outlives_its_broken_scorers() -> None:
    scorer = combined({broken: 1, dizzy: 1, reported(): 2, expected(): 2})
    graph = build_workflow([SPECIALIST], tuning=Tuning(scorer=scorer)).compile()
    out = await graph.ainvoke({"task": "t"})
    quality = out["branches"]["s"]["quality"]
    assert out["branches"]["s"]["status"] == "succeeded"
    assert quality["score"] == pytest.approx(0.4)  # (0.8 + 0) / 2: neither text nor body
    assert quality["evidence"][0] == "broken: scorer 'broken' raised ValueError: no judge"


def test_a_weight_that_no_sum_can_hold_is_refused_by_its_scorers_name() -> None:
    with pytest.raises(ConfigurationError, match=r"scorers\[one\]=10+.*: give a weight above 0, up to 1e290"):
        combined({one: 10**400})


def one(branch: Branch, result: Any) -> float:
    return 1.0
