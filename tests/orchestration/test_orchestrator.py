"""Runs on Postgres: started, taken up again, asked, drained; finished work is never done twice."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from langgraph.graph import START, StateGraph

from langgraph_quorum import Orchestrator, Specialist, build_workflow
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.register import record_start
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.state.errors import (
    AnswerError,
)
from langgraph_quorum.state.workflow import QuorumInput
from tests.orchestration.crews import Crew

TASK: QuorumInput = {"task": "look"}


async def test_a_run_gives_its_result_and_is_listed(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t1")
        out = await run.result()
        listed = await quorum.list()
    assert out["thread_id"] == "t1"
    assert out["status"] == "approved"
    assert {name: branch["status"] for name, branch in out["branches"].items()} == {
        "one": "succeeded",
        "two": "succeeded",
        "slow": "succeeded",
    }
    assert [(run.thread_id, run.status, run.task) for run in listed] == [("t1", "approved", "look")]


async def test_a_finished_thread_gives_its_result_without_running_anything(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        first = await (await quorum.start(TASK, thread_id="t1")).result()
        second = await (await quorum.start(TASK, thread_id="t1")).result()
        (listed,) = await quorum.list()
    assert second == first
    assert set(crew.calls.values()) == {1}
    assert listed.task == "look"


async def test_a_drained_run_keeps_what_is_finished_and_goes_on_where_it_was(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        run.drain()
        stopped = await asyncio.wait_for(run.result(), 10)
        assert stopped["status"] == "interrupted"
        assert set(stopped["branches"]) == {"one", "two"}
        crew.go.set()
        out = await (await quorum.resume("t1")).result()
    assert out["status"] == "approved"
    assert crew.calls == {"one": 1, "two": 1, "slow": 2}


async def test_closing_the_orchestrator_drains_its_runs(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
    assert run.stopped
    assert (await run.result())["status"] == "interrupted"


async def test_a_question_waits_for_its_answer_and_the_others_do_not_run_again(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(asks=True), pool) as quorum:
        waiting = await (await quorum.start(TASK, thread_id="t1")).result()
        assert waiting["status"] == "waiting"
        assert waiting["branches"]["asking"]["status"] == "awaiting_human"
        ((interrupt_id, asked),) = waiting["interrupts"].items()
        assert asked == {"question": "May asking go on?"}
        with pytest.raises(AnswerError, match=interrupt_id):
            await quorum.resume("t1", {"no-such-id": True})
        again = await (await quorum.resume("t1")).result()
        assert again["status"] == "waiting"
        out = await (await quorum.resume("t1", {interrupt_id: "yes"})).result()
    assert out["status"] == "approved"
    assert out["branches"]["asking"]["result"]["answer"] == "yes"
    assert crew.calls == {"one": 1, "two": 1, "asking": 1}


async def test_a_run_whose_driver_died_before_its_first_checkpoint_stands_as_interrupted_and_begins_anew(
    pool: Pool, crew: Crew
) -> None:
    crew.go.set()
    await record_start(pool, "t1", workflow="workflow", task="look", options={"input": TASK})
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        before = await quorum.get("t1")
        assert (before["status"], before["interrupts"], before["branches"]) == ("interrupted", {}, {})
        out = await (await quorum.resume("t1")).result()
    assert (out["status"], crew.calls) == ("approved", {"one": 1, "two": 1, "slow": 1})


async def test_events_tell_of_every_branch_and_node(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK)
        seen = [event async for event in run.events()]
        await run.result()
    ended = {event["branch_id"]: event["event"] for event in seen if event["quorum"] == "branch"}
    assert ended == {"one": "succeeded", "two": "succeeded", "slow": "succeeded"}
    nodes = [event["node"] for event in seen if event["quorum"] == "node"]
    assert [nodes[0], nodes[-1]] == ["analyzer", "integrator"]


async def test_who_listens_later_is_told_of_what_happens_from_then_on(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK)
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        events = run.events()
        crew.go.set()
        seen = [event async for event in events]
    ended = {event["branch_id"]: event["event"] for event in seen if event["quorum"] == "branch"}
    assert ended["slow"] == "succeeded"


async def test_nothing_is_told_of_branches_when_nobody_listens(
    pool: Pool, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(Run, "tell", lambda self, event: told.append(event["quorum"]))
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await (await quorum.start(TASK)).result()
    assert set(told) == {"node"}


async def test_a_node_that_streams_a_workflow_is_told_of_its_branches_whoever_listens_to_the_run(
    pool: Pool, crew: Crew
) -> None:
    crew.go.set()
    inner = crew.workflow().compile()
    seen: list[str] = []

    async def streaming(state: QuorumInput) -> QuorumInput:
        events = inner.astream({"task": state["task"]}, stream_mode="custom")
        seen.extend([event["branch_id"] async for event in events])
        return {"task": "done"}

    outer = StateGraph(QuorumInput)
    outer.add_node("streaming", streaming)
    outer.add_edge(START, "streaming")
    async with Orchestrator.on(outer, pool) as quorum:
        await (await quorum.start(TASK)).result()
    assert set(seen) == {"one", "two", "slow"}


async def test_a_question_is_no_node_that_has_ended(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(asks=True), pool) as quorum:
        run = await quorum.start(TASK)
        seen = [event async for event in run.events()]
        assert (await run.result())["status"] == "waiting"
    nodes = [event["node"] for event in seen if event["quorum"] == "node"]
    assert set(nodes) == {"analyzer", "coordinator", "one", "two"}


async def test_events_of_a_workflow_that_is_a_branch_say_where_they_happened(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    outer = build_workflow([workflow_specialist("team", crew.workflow()), Specialist("alone", crew.quick)])
    async with Orchestrator.on(outer, pool) as quorum:
        run = await quorum.start(TASK)
        seen = [event async for event in run.events()]
        await run.result()
    own = {event["branch_id"] for event in seen if event["quorum"] == "branch"}
    inner = [event for event in seen if event["quorum"] == "inner"]
    ended = {event["event"]["branch_id"] for event in inner if event["event"]["quorum"] == "branch"}
    nodes = [event["event"]["node"] for event in inner if event["event"]["quorum"] == "node"]
    assert (own, ended) == ({"team", "alone"}, {"one", "two", "slow"})
    assert [nodes[0], nodes[-1]] == ["analyzer", "integrator"]
    (where,) = {event["within"] for event in inner}
    assert [name.partition(":")[0] for name in where] == ["team"]


async def test_a_run_outlives_connections_that_are_cut_while_a_branch_works(
    pool: Pool, crew: Crew, database: str
) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as admin:
            others = "pid <> pg_backend_pid() AND datname = current_database()"
            await admin.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
        crew.go.set()
        out = await asyncio.wait_for(run.result(), 30)
    assert out["status"] == "approved"
    assert set(crew.calls.values()) == {1}
