"""`Orchestrator.explain`: why a run came out as it did, from what is stored of it."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.nodes.explaining.explain import explain
from langgraph_quorum.nodes.explaining.explanation import Explanation
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.sync import SyncOrchestrator
from langgraph_quorum.state.records import WorkItem
from tests.graphs.running import FIXED
from tests.orchestration.crews import Crew
from tests.orchestration.explained import TASK, Panel

ARITHMETIC = re.compile(
    r"(?P<q_share>[\d.]+) x (?P<quality>[\d.]+)( \(assumed\))? \+ (?P<s_share>[\d.]+) x"
    r" 1/\(1 \+ (?P<seconds>[\d.e-]+)/(?P<halving>[\d.]+)\) = (?P<raw>[\d.]+);"
    r" (?P<raw_again>[\d.]+)/(?P<total>[\d.]+) = (?P<weight>[\d.]+)"
)


async def _explained(pool: Pool, panel: Panel) -> Explanation:
    async with Orchestrator.on(panel.workflow(), pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
        return await quorum.explain("t1")


async def test_the_arithmetic_that_is_told_is_the_arithmetic_that_was_done(pool: Pool) -> None:
    told = await _explained(pool, Panel())
    assert len(told.weights) == 3
    sums = []
    for one in told.weights:
        match = ARITHMETIC.fullmatch(one["arithmetic"])
        assert match, one["arithmetic"]
        numbers = {name: float(number) for name, number in match.groupdict().items()}
        assert (numbers["q_share"], numbers["s_share"], numbers["halving"]) == (0.6, 0.4, 30)
        raw = 0.6 * numbers["quality"] + 0.4 / (1 + numbers["seconds"] / 30)
        assert numbers["raw"] == pytest.approx(raw, abs=1e-3)
        assert numbers["raw"] == numbers["raw_again"]
        assert numbers["weight"] == pytest.approx(numbers["raw"] / numbers["total"], abs=1e-3)
        assert numbers["weight"] == pytest.approx(one["row"]["weight"], abs=1e-4)
        sums.append((numbers["raw"], numbers["total"], numbers["weight"]))
    assert sum(raw for raw, _, _ in sums) == pytest.approx(sums[0][1], abs=1e-3)
    assert sum(weight for _, _, weight in sums) == pytest.approx(1, abs=1e-3)


async def test_it_says_what_each_quality_rests_on_and_marks_what_was_assumed(pool: Pool) -> None:
    told = await _explained(pool, Panel())
    by_branch = {one["row"]["branch_id"]: one for one in told.weights}
    # `sure` and `weak` are peers: their answers differ (0), their sizes agree by 10/20, so by 0.25 in the mean.
    assert by_branch["sure"]["rests_on"] == [
        "it states a confidence of 0.90",
        "agreement with its peers 0.2500",
        "quality (confidence 0.9000 + agreement 0.2500)/2 = 0.5750",
    ]
    assert by_branch["mute"]["rests_on"][0] == "nothing was measured: 0.5 is assumed"
    assert "(assumed)" in by_branch["mute"]["arithmetic"]
    assert "(assumed)" not in by_branch["sure"]["arithmetic"]


async def test_it_says_why_it_went_on_and_what_the_straggler_had_been_doing(pool: Pool) -> None:
    told = await _explained(pool, Panel())
    first = told.points[0]
    assert (first["decision"]["reason"], first["decision"]["status"]) == ("quorum_met", "conditional_proceed")
    assert first["words"].startswith("3 of 4 succeeded after ")
    assert first["at"] is not None
    ((cut),) = first["left"]
    assert (cut["branch_id"], cut["specialist"], cut["status"]) == ("slow", "slow", "cut")
    assert re.fullmatch(
        r"still running when enough good answers were in; it had run \d+\.\d\d s in 1 attempt(, after .*)?",
        cut["doing"],
    )


async def test_it_says_who_disagreed_what_was_redone_and_what_it_cost(pool: Pool) -> None:
    told = await _explained(pool, Panel())
    answers = next(one for one in told.disagreements if one["field"] == "answer")
    assert (answers["taken"]["value"], answers["taken"]["branches"]) == ("yes", ["mute", "sure"])
    assert [(side["value"], side["branches"]) for side in answers["against"]] == [("no", ["weak"])]
    again = {one["branch_id"]: one for one in told.again}
    assert again["weak"]["came_to"] == (
        "it helped: 1 finding and score 0.70, before 1 finding and score 0.30; "
        "then its new result was taken, which is no better: "
        "1 finding and score 0.70, before 1 finding and score 0.70"
    )
    assert again["weak"]["ways"][0] == "round 1: sent out again"
    assert again["weak"]["guidance"][0].startswith("quality: quality ")
    assert "2 attempts in round 0 (retries and hedged calls)" in again["mute"]["ways"]
    assert told.spent is not None
    # One attempt each of slow and weak, two of mute, and what was sent out again.
    cost = {one["specialist"]: one["cost"] for one in told.spent["specialists"]}
    assert cost == {"mute": None, "slow": None, "sure": 0.25, "weak": None}
    assert told.spent["rounds"] >= 1
    assert {"branch_id": "slow", "field": "", "why": "cut: still running when enough good answers were in"} in (
        told.left_out
    )


async def test_it_is_plain_json_and_its_text_has_every_part(pool: Pool) -> None:
    told = await _explained(pool, Panel())
    assert json.loads(json.dumps(told.as_json(), allow_nan=False)) == told.as_json()
    for title in (
        "Why it went on",
        "How the results were made one",
        "How each weight came about (0.6 x quality + 0.4 x 1/(1 + seconds/30), made to sum to 1)",
        "Where specialists disagreed",
        "What was tried again",
        "The verdict",
        "What it took",
        "Left out",
    ):
        assert f"\n{title}\n" in f"\n{told.text()}\n"


async def test_what_a_human_is_asked_and_has_answered_is_told(pool: Pool) -> None:
    async with Orchestrator.on(Panel().workflow(asks=True), pool) as quorum:
        outcome = await (await quorum.start(TASK, "t1")).result()
        waiting = await quorum.explain("t1")
        (asked,) = outcome["interrupts"]
        answer = {"type": "pick", "branch": "sure", "message": "mute is no judge"}
        await (await quorum.resume("t1", {asked: answer})).result()
        told = await quorum.explain("t1")
    assert (waiting.status, waiting.questions) == ("waiting", ["a human is asked about the result"])
    assert (waiting.answers, told.questions) == ([], [])
    assert [(one["decision"], one["words"]) for one in told.answers] == [
        ("picked", "a human picked the result of sure: mute is no judge")
    ]
    assert [one["row"]["branch_id"] for one in told.weights] == ["sure"]
    assert {"branch_id": "weak", "field": "", "why": "a human picked sure"} in told.left_out


def test_without_an_event_loop_it_is_the_same(database: str, crew: Crew) -> None:
    crew.go.set()
    with SyncOrchestrator.open(crew.workflow(merge="best"), database) as quorum:
        quorum.start(TASK, "t1").result()
        assert quorum.explain("t1").headline.startswith("approved, quality 0.90")


async def test_a_confidence_that_does_not_count_is_told_where_the_quality_is() -> None:
    async def boasts(branch: Branch) -> dict[str, object]:
        return {"answer": "yes", "confidence": 90}

    out = await build_workflow([Specialist("boasts", boasts)]).compile().ainvoke(TASK)
    (only,) = explain(out).weights
    assert only["rests_on"] == [
        "nothing was measured: 0.5 is assumed",
        "it states confidence=90, which does not count: give a number from 0 to 1",
    ]


@pytest.mark.looptime
async def test_waiting_for_a_turn_is_told_apart_from_running() -> None:
    async def takes(branch: Branch) -> dict[str, object]:
        await asyncio.sleep(branch.payload["s"])
        return {"confidence": 0.9}

    work: list[WorkItem] = [
        {"branch_id": name, "specialist": name, "payload": {"s": s}, "exclusive": ["desk"]}
        for name, s in (("first", 2), ("second", 3), ("cut", 500))
    ]
    crew = [Specialist(item["branch_id"], takes) for item in work]
    policy = SyncPolicy(threshold=0.6, grace_s=4, deadline_s=100)
    workflow = build_workflow(crew, policy, mode="parallel")
    told = explain(await workflow.compile().ainvoke({**TASK, "work": work}, context=FIXED))
    assert told.spent is not None
    took = {
        one["specialist"]: (round(one["waited_s"], 1), round(one["seconds"], 1)) for one in told.spent["specialists"]
    }
    assert took == {"first": (0, 2), "second": (2, 3), "cut": (5, 4)}  # the desk is free after 2, and after 2 + 3
    (left,) = told.points[0]["left"]
    assert left["doing"].endswith("it had run 4.00 s in 1 attempt, after 5.00 s of waiting for a turn")
    assert "first: 1 of 1 branch succeeded, 1 attempt, 2.00 s\n" in told.text()
    assert "second: 1 of 1 branch succeeded, 1 attempt, 3.00 s, after 2.00 s of waiting for a turn" in told.text()
