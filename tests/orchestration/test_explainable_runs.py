"""Which runs can be explained, and how far: stopped, without a result, pruned, run again, very wide."""

from __future__ import annotations

import asyncio

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langgraph_quorum import Answer, Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.nodes.explaining.explain import explain
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.stored_state import read_workflow
from langgraph_quorum.state.errors import ConfigurationError, ThreadNotFoundError
from langgraph_quorum.state.records import WorkItem
from tests.graphs.running import FIXED
from tests.orchestration.crews import Crew
from tests.orchestration.explained import TASK, Panel
from tests.orchestration.graphs_of_ones_own import shouting


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


@pytest.mark.looptime
async def test_an_outcome_without_its_state_tells_what_all_rounds_took() -> None:
    async def fails_twice(branch: Branch) -> Answer:
        tried.append(branch.branch_id)
        await asyncio.sleep(1)
        if len(tried) < 3:
            raise ConnectionError
        return Answer({"confidence": 0.9}, cost=0.5)

    tried: list[str] = []
    workflow = build_workflow([Specialist("late", fails_twice, attempts=1)])
    graph, config = workflow.compile(checkpointer=InMemorySaver()), RunnableConfig(configurable={"thread_id": "t1"})
    out = await graph.ainvoke(TASK, config, context=FIXED)
    spent = explain(out).spent
    assert spent is not None
    assert [spent["attempts"], spent["seconds"], spent["cost"], spent["rounds"]] == pytest.approx([3, 3, 0.5, 2])
    assert spent == explain((await graph.aget_state(config)).values).spent


def test_an_outcome_without_its_state_tells_what_it_holds() -> None:
    told = explain({"thread_id": "t1", "status": "running"})
    assert (told.thread_id, told.headline, told.text()) == ("t1", "running, no result", "")


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
