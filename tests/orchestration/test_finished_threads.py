"""A finished thread: whoever asks gets its result, however many ask at once and whoever holds it for a moment."""

from __future__ import annotations

import asyncio

import pytest

from langgraph_quorum import Orchestrator, ThreadBusyError
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.errors import AnswerError, ConfigurationError
from langgraph_quorum.state.workflow import QuorumInput
from tests.orchestration.crews import Crew
from tests.orchestration.graphs_of_ones_own import clashing

TASK: QuorumInput = {"task": "look"}


async def test_all_who_start_a_finished_thread_at_once_get_its_result(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        first = await (await quorum.start(TASK, "t1")).result()
        runs = await asyncio.gather(*(quorum.start(TASK, "t1") for _ in range(8)), quorum.resume("t1"))
        assert [await run.result() for run in runs] == [first] * 9
    assert set(crew.calls.values()) == {1}


async def test_a_finished_run_that_somebody_holds_is_not_running(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        first = await (await quorum.start(TASK, "t1")).result()
        async with hold_lease(pool, "t1"):
            assert await quorum.get("t1") == await quorum.cancel("t1") == first
            assert await (await quorum.start(TASK, "t1")).result() == first


async def test_what_is_refused_of_a_finished_run_is_refused_while_somebody_holds_it_too(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum, Orchestrator.on(clashing(), pool, "other") as other:
        await (await quorum.start(TASK, "t1")).result()
        async with hold_lease(pool, "t1"):
            with pytest.raises(ConfigurationError, match="another input"):
                await quorum.start({"task": "another"}, "t1")
            with pytest.raises(ConfigurationError, match="runs 'workflow'"):
                await other.start({}, "t1")
            with pytest.raises(ThreadBusyError):
                await quorum.resume("t1", {"question": "yes"})
        with pytest.raises(AnswerError):
            await quorum.resume("t1", {"question": "yes"})


async def test_a_cancelled_run_that_somebody_holds_may_go_on_there_and_is_busy(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await quorum.start(TASK, "t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        await quorum.cancel("t1")
        async with hold_lease(pool, "t1"):
            with pytest.raises(ThreadBusyError):
                await quorum.start(TASK, "t1")
