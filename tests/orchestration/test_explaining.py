"""`Orchestrator.explain`: why a run came out as it did, from what is stored of it."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.nodes.explaining.explain import explain
from langgraph_quorum.nodes.explaining.explanation import Explanation
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.stored_state import read_workflow
from langgraph_quorum.orchestration.sync import SyncOrchestrator
from langgraph_quorum.state.errors import ConfigurationError, ThreadNotFoundError
from langgraph_quorum.state.records import WorkItem
from tests.graphs.running import FIXED
from tests.orchestration.crews import Crew
from tests.orchestration.explained import TASK, Panel
from tests.orchestration.graphs_of_ones_own import shouting

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
    assert again["weak"]["came_to"].startswith("it helped: score 0.30, then 0.70")
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


async def test_a_run_that_was_stopped_is_explained_as_far_as_it_came(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        await quorum.cancel("t1")
        told = await quorum.explain("t1")
    assert (told.status, told.headline, told.weights, told.points) == ("cancelled", "cancelled, no result", [], [])
    assert told.spent is not None
    assert [(one["specialist"], one["succeeded"]) for one in told.spent["specialists"]] == [("one", 1), ("two", 1)]
    assert told.left_out == [{"branch_id": "slow", "field": "", "why": "it has not ended"}]


async def test_a_run_without_any_result_says_so(pool: Pool) -> None:
    async def broken(branch: Branch) -> None:
        raise ValueError(branch.branch_id)

    workflow = build_workflow([Specialist("broken", broken)], sync=SyncPolicy(threshold=1.0, deadline_s=5))
    async with Orchestrator.on(workflow, pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
        told = await quorum.explain("t1")
    assert (told.status, told.verdict, told.weights) == ("failed", "critical_failure", [])
    assert told.merging == ["there was no result to merge"]
    assert told.points[0]["left"][0]["doing"].startswith("ValueError: broken")
    assert "The verdict\n  - critical_failure: " in told.text()


async def test_a_run_of_another_graph_is_refused_and_an_unknown_thread_named(pool: Pool) -> None:
    async with Orchestrator.on(shouting(), pool) as quorum:
        await (await quorum.start({"word": "a", "workflow_id": "w-7"}, "t1")).result()
        with pytest.raises(ConfigurationError, match="'t1': it is no run of a workflow made by build_workflow"):
            await quorum.explain("t1")
        with pytest.raises(ThreadNotFoundError, match="'nowhere'"):
            await quorum.explain("nowhere")


async def test_a_run_that_was_pruned_to_its_latest_state_is_still_explained(pool: Pool) -> None:
    async with Orchestrator.on(Panel().workflow(), pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
        before = await quorum.explain("t1")
        await quorum.prune(keep_latest=True, older_than_s=0)
        assert len(await quorum.history("t1")) == 1
        assert await quorum.explain("t1") == before


async def test_where_it_is_not_known_how_a_run_weighed_no_arithmetic_is_made_up(pool: Pool) -> None:
    async with Orchestrator.on(Panel().workflow(), pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
    state = (await read_workflow(pool, make_saver(pool), await get_run(pool, "t1"))).values
    for line in state["timeline"]:
        line.get("data", {}).pop("weighing", None)
    told = explain(state)
    assert told.weighing is None
    assert [one["arithmetic"] for one in told.weights] == ["", "", ""]
    assert "How each weight came about (the weight policy is not stored)" in told.text()
    assert f"weighs {told.weights[0]['row']['weight']:.1%}: raw weight " in told.text()


async def test_a_thread_that_is_run_again_is_explained_by_its_last_run() -> None:
    graph = Panel().workflow(asks=True).compile(checkpointer=InMemorySaver())
    config = RunnableConfig(configurable={"thread_id": "t1"})
    for _ in range(2):
        await graph.ainvoke({"task": "Is it so?"}, config)
        await graph.ainvoke(Command(resume="approve"), config)
    state = (await graph.aget_state(config)).values
    assert len([line for line in state["timeline"] if line["event"] == "approved"]) == 2
    told = explain(state, thread_id="t1")
    assert [(one["decision"], one["words"]) for one in told.answers] == [("approved", "a human approved it")]
    assert (len(told.points), told.status) == (1, "approved")


def test_without_an_event_loop_it_is_the_same(database: str, crew: Crew) -> None:
    crew.go.set()
    with SyncOrchestrator.open(crew.workflow(merge="best"), database) as quorum:
        quorum.start(TASK, "t1").result()
        assert quorum.explain("t1").headline.startswith("approved, quality 0.90")


def test_an_outcome_without_its_state_tells_what_it_holds() -> None:
    told = explain({"thread_id": "t1", "status": "running"})
    assert (told.thread_id, told.headline, told.text()) == ("t1", "running, no result", "")


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


async def test_a_thousand_branches_stay_readable(pool: Pool) -> None:
    async def quick(branch: Branch) -> dict[str, object]:
        if branch.payload["number"] % 2:
            raise ValueError("odd")
        return {"answer": branch.payload["number"], "confidence": 0.9}

    workflow = build_workflow([Specialist("quick", quick)], sync=SyncPolicy(threshold=0.5, deadline_s=60))
    work: list[WorkItem] = [
        {"branch_id": f"b{number}", "specialist": "quick", "payload": {"number": number}} for number in range(1000)
    ]
    async with Orchestrator.on(workflow, pool) as quorum:
        await (await quorum.start({**TASK, "work": work}, "t1")).result()
        told = await quorum.explain("t1")
    text = told.text()
    assert len(text.splitlines()) < 100
    assert len(told.weights) == 500
    assert "and 488 more, together 97.6% of the weight" in text
    assert "500 failed: ValueError: odd: b1, b3, b5, b7, b9 and 495 more" in text
