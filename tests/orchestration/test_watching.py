"""A run is watched from what is durable: early, late, asked, drained, of other people's graphs, through an outage."""

from __future__ import annotations

import asyncio
import json
import math
import operator
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Send, interrupt
from typing_extensions import TypedDict

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.events import (
    BranchEnded,
    PointReleased,
    QuestionAnswered,
    QuestionAsked,
    RunEnded,
    RunStarted,
)
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.orchestration.persistence.runs import record_start
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.watching import watch_thread
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError, ThreadNotFoundError
from langgraph_quorum.state.workflow import QuorumInput
from tests.orchestration.crews import Crew
from tests.orchestration.watchers import branches, kinds, nodes, until, watching

TASK: QuorumInput = {"task": "look"}
STATIONS = ["analyzer", "coordinator", "sync_point", "merger", "validator", "integrator"]


async def test_a_watcher_hears_of_branches_while_others_go_on(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool, "review") as quorum:
        run = await quorum.start(TASK, "t1")
        events = watching(pool, "t1")
        seen: list[Any] = []
        while set(branches(seen)) != {"one", "two"}:
            seen += await until(events, lambda event: isinstance(event, BranchEnded))
        crew.go.set()
        seen += [event async for event in events]
        out = await run.result()

    assert isinstance(seen[0], RunStarted)
    assert (seen[0].thread_id, seen[0].workflow, seen[0].task) == ("t1", "review", "look")
    assert nodes(seen) == STATIONS
    assert branches(seen) == {"one": "succeeded", "two": "succeeded", "slow": "succeeded"}
    assert [event.record for event in seen if isinstance(event, BranchEnded)] == [
        out["branches"][name] for name in branches(seen)
    ]
    assert [event.decision for event in seen if isinstance(event, PointReleased)] == out["sync"]
    assert kinds(seen).index("point_released") > max(i for i, kind in enumerate(kinds(seen)) if kind == "branch_ended")
    assert isinstance(seen[-1], RunEnded)
    assert seen[-1].status == "approved"


async def test_who_comes_late_is_told_the_same(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, "t1")
        early = [event async for event in watching(pool, "t1")]
        await run.result()
    late = [event async for event in watching(pool, "t1")]
    again = [event async for event in watching(pool, "t1")]

    assert late == again
    assert nodes(late) == nodes(early) == STATIONS
    assert branches(late) == branches(early)
    assert (kinds(late)[0], kinds(late)[-1]) == ("run_started", "run_ended")
    assert all(json.loads(json.dumps(event.as_dict()))["thread_id"] == "t1" for event in late)


async def test_a_question_ends_the_watch_and_its_answer_is_told_of(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(asks=True), pool) as quorum:
        out = await (await quorum.start(TASK, "t1")).result()
        waiting = [event async for event in watching(pool, "t1")]
        await (await quorum.resume("t1", dict.fromkeys(out["interrupts"], "yes"))).result()
        finished = [event async for event in watching(pool, "t1")]

    ((name, payload),) = out["interrupts"].items()
    assert waiting[-2] == QuestionAsked("t1", name, payload)
    assert isinstance(waiting[-1], RunEnded)
    assert waiting[-1].status == "waiting"
    assert branches(waiting) == {"one": "succeeded", "two": "succeeded"}
    asked = finished.index(QuestionAsked("t1", name, payload))
    assert finished[asked + 1] == QuestionAnswered("t1", name)
    assert kinds(finished).count("question_asked") == kinds(finished).count("question_answered") == 1
    assert branches(finished)["asking"] == "succeeded"
    assert finished[-1].as_dict()["status"] == "approved"


async def test_a_drained_run_ends_as_interrupted_and_is_told_whole_once_it_went_on(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, "t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        watch = asyncio.ensure_future(_all(watching(pool, "t1")))
        run.drain()
        await run.result()
        drained = await asyncio.wait_for(watch, 30)
        crew.go.set()
        await (await quorum.resume("t1")).result()
    whole = [event async for event in watching(pool, "t1")]

    assert drained[-1].as_dict()["status"] == "interrupted"
    assert set(branches(drained)) == {"one", "two"}
    assert branches(whole) == {"one": "succeeded", "two": "succeeded", "slow": "succeeded"}
    assert nodes(whole) == STATIONS


class Pages(TypedDict, total=False):
    urls: list[str]
    pages: Annotated[list[str], operator.add]


def _foreign() -> StateGraph[Any, Any, Any, Any]:
    builder = StateGraph(Pages)
    builder.add_node("plan", lambda state: {"urls": ["a", "b"]})
    builder.add_node("mute", lambda state: None)
    builder.add_node("fetch", lambda state: {"pages": [state["url"]]})
    builder.add_node("sign", lambda state: {"pages": [interrupt({"sign": 1}) + interrupt({"sign": 2})]})
    builder.add_edge(START, "plan")
    builder.add_edge(START, "mute")
    builder.add_conditional_edges(
        "plan", lambda state: [Send("fetch", {"url": url}) for url in state["urls"]], ["fetch"]
    )
    builder.add_edge("fetch", "sign")
    return builder


async def test_a_graph_that_is_not_ours_gives_its_nodes_and_questions(pool: Pool) -> None:
    async with Orchestrator.on(_foreign(), pool, "theirs") as quorum:
        out = await (await quorum.start({}, "t1")).result()
        first = [event async for event in watching(pool, "t1")]
        out = await (await quorum.resume("t1", dict.fromkeys(out["interrupts"], "one "))).result()
        second = [event async for event in watching(pool, "t1")]
        await (await quorum.resume("t1", dict.fromkeys(out["interrupts"], "two"))).result()
        last = [event async for event in watching(pool, "t1")]

    assert sorted(nodes(first)[:2]) == ["mute", "plan"]
    assert nodes(first)[2:] == ["fetch", "fetch"]
    assert [event.payload for event in first if isinstance(event, QuestionAsked)] == [{"sign": 1}]
    assert [event.payload for event in second if isinstance(event, QuestionAsked)] == [{"sign": 2}]
    assert kinds(second)[-1] == "run_ended"
    assert nodes(last)[-1] == "sign"
    assert kinds(last)[-1] == "run_ended"


async def test_what_was_pruned_is_told_from_the_state_that_is_left(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await (await quorum.start(TASK, "t1")).result()
    async with borrowed(pool, "pruning") as connection:
        last = "(SELECT max(checkpoint_id) FROM checkpoints)"
        await connection.execute(f"DELETE FROM checkpoint_writes WHERE checkpoint_id <> {last}".encode())
        await connection.execute(f"DELETE FROM checkpoints WHERE checkpoint_id <> {last}".encode())
    seen = [event async for event in watching(pool, "t1")]

    assert set(branches(seen)) == {"one", "two", "slow"}
    assert kinds(seen).count("point_released") == 1
    assert set(STATIONS) <= set(nodes(seen))


async def test_an_outage_is_waited_out(pool: Pool, crew: Crew, database: str) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum, open_database(database) as ours:
        await quorum.start(TASK, "t1")
        events = watching(ours, "t1")
        seen = await until(events, lambda event: isinstance(event, BranchEnded))
        async with borrowed(pool, "breaking") as connection:
            await connection.execute(b"ALTER TABLE checkpoint_writes RENAME TO away")
        rest = asyncio.ensure_future(_all(events))
        await asyncio.sleep(0.1)
        assert not rest.done()
        async with borrowed(pool, "mending") as connection:
            await connection.execute(b"ALTER TABLE away RENAME TO checkpoint_writes")
        crew.go.set()
        seen += await asyncio.wait_for(rest, 30)

    assert branches(seen) == {"one": "succeeded", "two": "succeeded", "slow": "succeeded"}
    assert seen[-1].as_dict()["status"] == "approved"


async def test_an_outage_that_lasts_is_an_error(pool: Pool) -> None:
    await record_start(pool, "t1", workflow="w", task="x")
    async with borrowed(pool, "holding the lease") as connection:
        await connection.execute(b"INSERT INTO quorum.leases VALUES ('t1', 'elsewhere', 1, now() + interval '1 hour')")
    events = watching(pool, "t1", outage_s=0.1)
    await until(events, lambda event: isinstance(event, RunStarted))
    async with borrowed(pool, "breaking") as connection:
        await connection.execute(b"ALTER TABLE checkpoints RENAME TO away")

    with pytest.raises(DatabaseError, match="watching thread 't1'"):
        await asyncio.wait_for(_all(events), 30)


async def test_what_cannot_be_watched_is_refused(pool: Pool) -> None:
    with pytest.raises(ThreadNotFoundError, match="nowhere"):
        await _all(watching(pool, "nowhere"))
    with pytest.raises(ConfigurationError, match="outage_s"):
        await _all(watching(pool, "nowhere", outage_s=-1))
    for poll_s in (0.0, math.nan, math.inf):
        with pytest.raises(ConfigurationError, match="poll_s"):
            await _all(watch_thread(make_saver(pool), pool, "nowhere", poll_s=poll_s))


async def _all(events: AsyncIterator[Any]) -> list[Any]:
    return [event async for event in events]


async def test_a_watch_ends_with_the_pool_and_does_not_wait_for_it_as_for_a_server(pool: Pool, database: str) -> None:
    await record_start(pool, "t1", workflow="workflow", task="look")
    async with hold_lease(pool, "t1"), open_database(database) as closing:
        events = watch_thread(make_saver(closing), closing, "t1", poll_s=0.01)
        assert (await anext(events)).kind == "run_started"
        await closing.close()
        with pytest.raises(DatabaseError, match="its connections are closed"):
            await asyncio.wait_for(anext(events), 10)


async def test_another_run_under_the_name_of_one_that_was_deleted_is_not_told_as_its_end(pool: Pool) -> None:
    await record_start(pool, "t1", workflow="workflow", task="look")
    async with hold_lease(pool, "t1"):
        events = watch_thread(make_saver(pool), pool, "t1", poll_s=0.01)
        assert (await anext(events)).kind == "run_started"
        async with borrowed(pool, "forgetting") as connection:
            await connection.execute(pool.statements("runs")["forget"], {"thread_id": "t1"})
        await record_start(pool, "t1", workflow="workflow", task="look again")
        with pytest.raises(ThreadNotFoundError):
            await anext(events)
