"""`Orchestrator.remerge`: stored results merged again under another policy. No specialist runs, nothing is written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import STRATEGIES, Consensus, Strategy
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.sync import SyncOrchestrator
from langgraph_quorum.state.errors import ConfigurationError, ResultError, ThreadNotFoundError
from langgraph_quorum.state.policies import WeightPolicy
from tests.graphs.test_meaning import LONG, Meanings, says_always
from tests.orchestration.crews import Crew
from tests.orchestration.explained import TASK, WEIGHT, Panel
from tests.orchestration.graphs_of_ones_own import shouting


def _loudest(results: Sequence[Scored], weights: Mapping[str, float]) -> Any:
    return max(result.value["answer"] for result in results)


@pytest.mark.parametrize(
    "strategy", [*STRATEGIES, Consensus("majority"), _loudest], ids=[*STRATEGIES, "majority", "function"]
)
async def test_the_same_strategy_gives_what_is_stored(pool: Pool, strategy: Strategy) -> None:
    async with Orchestrator.on(Panel().workflow(merge=strategy), pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
        told = await quorum.remerge("t1", strategy)
    assert told.first == told.again
    assert told.is_same
    assert (told.changes, told.notes) == ([], [])


async def test_another_strategy_stands_beside_the_first_and_nothing_runs_or_is_written(pool: Pool) -> None:
    panel = Panel()
    async with Orchestrator.on(panel.workflow(), pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
        calls, outcome, history = dict(panel.calls), await quorum.get("t1"), await quorum.history("t1")
        told = await quorum.remerge("t1", "merge_all")
        assert dict(panel.calls) == calls
        assert (await quorum.get("t1"), await quorum.history("t1")) == (outcome, history)
    assert told.first is not None
    assert (told.first["strategy"], told.again["strategy"], told.is_same) == ("weighted", "merge_all", False)
    assert set(told.again["value"]) == {"sure", "weak", "mute"}
    assert {(one["field"], one["kind"]) for one in told.changes} >= {("answer", "removed"), ("sure", "added")}
    assert json.loads(json.dumps(told.as_json(), allow_nan=False)) == told.as_json()
    assert "strategy: weighted -> merge_all" in told.text()


async def test_another_policy_weighs_by_its_own_numbers(pool: Pool) -> None:
    async with Orchestrator.on(Panel().workflow(), pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
        told = await quorum.remerge("t1", "weighted", WeightPolicy(quality_share=1, speed_share=0))
    assert told.first is not None
    assert told.first_weighing == {
        "quality_share": WEIGHT.quality_share,
        "speed_share": WEIGHT.speed_share,
        "halving_s": WEIGHT.halving_s,
        "assumed_quality": WEIGHT.assumed_quality,
    }
    # By quality alone: each weight is its quality over the sum of all.
    qualities = {row["branch_id"]: row["quality"] for row in told.first["attribution"]}
    now = {one["branch_id"]: one["again"] for one in told.weights}
    assert now == pytest.approx({name: quality / sum(qualities.values()) for name, quality in qualities.items()})
    before = {row["branch_id"]: row["weight"] for row in told.first["attribution"]}
    assert {one["branch_id"]: one["first"] for one in told.weights} == before


async def test_without_a_policy_the_runs_own_weighs(pool: Pool) -> None:
    async with Orchestrator.on(Panel().workflow(), pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
        told = await quorum.remerge("t1", "best")
    assert told.weighing == told.first_weighing
    assert told.weighing["quality_share"] == 0.6
    assert all(one["first"] == one["again"] for one in told.weights)


async def test_what_was_finished_before_a_stop_can_be_merged(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        await quorum.cancel("t1")
        told = await quorum.remerge("t1", "merge_all")
    assert told.first is None
    assert set(told.again["value"]) == {"one", "two"}
    assert (told.again["partial"], told.again["failed"]) == (True, ["slow"])
    assert any(note.startswith("specialists' types are not stored") for note in told.notes)


async def test_what_a_human_picked_is_noted_and_merged_anew_from_the_results(pool: Pool) -> None:
    async with Orchestrator.on(Panel().workflow(asks=True), pool) as quorum:
        (asked,) = (await (await quorum.start(TASK, "t1")).result())["interrupts"]
        await (await quorum.resume("t1", {asked: {"type": "pick", "branch": "weak"}})).result()
        told = await quorum.remerge("t1", "weighted")
    assert told.notes == ["a human has made the first result what it is (pick)"]
    assert [one["first"] for one in told.weights if one["branch_id"] != "weak"] == [None, None]
    assert told.again["value"]["answer"] == "yes"


async def test_agreement_in_meaning_that_was_measured_counts_again_without_its_model(pool: Pool) -> None:
    crew = [says_always("a", "yes" + LONG), says_always("b", "certainly" + LONG), says_always("c", "no" + LONG)]
    async with Orchestrator.on(build_workflow(crew, tuning=Tuning(embeddings=Meanings())), pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
        told = await quorum.remerge("t1", "weighted")
    assert told.first is not None
    agreed = told.first["metadata"]["consistency"]
    assert agreed["a"] == agreed["b"] > agreed["c"]
    assert told.first == told.again


async def test_large_texts_are_merged_as_texts(pool: Pool) -> None:
    page = "word " * 40_000

    async def writes(branch: Branch) -> dict[str, object]:
        return {"text": page, "by": branch.branch_id}

    workflow = build_workflow([Specialist(name, writes) for name in ("one", "two")], sync=SyncPolicy(threshold=1.0))
    async with Orchestrator.on(workflow, pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
        told = await quorum.remerge("t1", "merge_all")
        assert told.again["value"]["one"]["text"] == page
        assert told.first is not None
        assert told.first["value"]["text"] == page


async def test_what_makes_no_sense_is_named(pool: Pool) -> None:
    async with Orchestrator.on(shouting(), pool) as quorum:
        await (await quorum.start({"word": "a", "workflow_id": "w-7"}, "t1")).result()
        with pytest.raises(ConfigurationError, match="'t1': it is no run of a workflow made by build_workflow"):
            await quorum.remerge("t1", "best")
        with pytest.raises(ThreadNotFoundError, match="'nowhere'"):
            await quorum.remerge("nowhere", "best")
        with pytest.raises(ConfigurationError, match="strategy='wieghted': did you mean 'weighted'"):
            await quorum.remerge("t1", "wieghted")  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match="policy='fair': give WeightPolicy"):
            await quorum.remerge("t1", "best", "fair")  # type: ignore[arg-type]


async def test_a_strategy_that_gives_what_cannot_be_kept_is_refused(pool: Pool) -> None:
    async with Orchestrator.on(Panel().workflow(), pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
        with pytest.raises(ResultError, match="merged is nan"):
            await quorum.remerge("t1", lambda results, weights: float("nan"))
        assert (await quorum.get("t1"))["status"] in ("approved", "partial")


def test_without_an_event_loop_it_is_the_same(database: str, crew: Crew) -> None:
    crew.go.set()
    with SyncOrchestrator.open(crew.workflow(), database) as quorum:
        quorum.start(TASK, "t1").result()
        told = quorum.remerge("t1", "best", replace(WEIGHT, halving_s=1))
    assert told.again["strategy"] == "best"
