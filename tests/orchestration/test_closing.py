"""Where the block of an orchestrator is left, or its runs are stopped, nothing is left half begun."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from looptime import LoopTimeProxy

from langgraph_quorum import Orchestrator, WorkItem
from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.orchestration.begun import Begun
from langgraph_quorum.orchestration.given import Entry, Given
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.state.artifacts import ArtifactRef
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from tests.orchestration.crews import Crew
from tests.orchestration.graphs_of_ones_own import Plain, clashing

GIVEN = Given({}, Entry("look", {}))


class Waiting:
    """In place of a driver: the thread never becomes ours; or it is, and the run goes on until it is broken off."""

    async def drive(self, run: Run, *_: Any, **__: Any) -> dict[str, Any]:
        await (run.cutting if run.taken else asyncio.Event()).wait()
        return {}


class SlowArtifacts(MemoryArtifacts):
    """Keeps what it is given once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def put(self, content: bytes, *, media_type: str = "application/octet-stream") -> ArtifactRef:
        self.asked.set()
        await self.go.wait()
        return await super().put(content, media_type=media_type)


@pytest.mark.looptime
@pytest.mark.parametrize(("taken", "seconds"), [(True, 10), (False, 1)])
async def test_a_run_that_waits_for_its_thread_is_not_drained_for_long(
    taken: bool, seconds: float, looptime: LoopTimeProxy
) -> None:
    run = Run("t1")
    run.begin(Waiting().drive(run))
    run.taken = taken
    await run.stop(10)
    assert run.stopped
    assert looptime == seconds


async def test_a_run_that_has_to_be_broken_off_gives_its_outcome_and_is_no_cancellation_of_who_awaits_it(
    pool: Pool,
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def hang(state: Plain) -> Plain:  # of a graph of one's own, which knows nothing of a drain
        begun.set()
        await go.wait()
        return {"steps": ["went on"]}

    builder = StateGraph(Plain)
    builder.add_node("hang", hang)
    builder.add_edge(START, "hang")
    async with Orchestrator.on(builder, pool) as quorum:
        run = await quorum.start({}, "t1")
        result = asyncio.create_task(run.result())
        await asyncio.wait_for(begun.wait(), 10)
        await quorum.drain("t1", timeout_s=0.1)
        assert (await asyncio.wait_for(result, 10))["status"] == (await get_run(pool, "t1")).status == "interrupted"
        go.set()
        assert (await (await quorum.resume("t1")).result())["steps"] == ["went on"]


@pytest.mark.looptime
async def test_who_still_waits_for_a_thread_is_told_that_the_runs_were_stopped() -> None:
    begun = Begun(Waiting())  # type: ignore[arg-type]
    waiting = asyncio.create_task(begun.begin("t1", GIVEN, "wait", 60))
    await asyncio.sleep(0)
    await begun.stop(10)
    with pytest.raises(ConfigurationError, match="while thread 't1' was waited for: start or resume that one again"):
        await waiting


@pytest.mark.looptime
async def test_a_caller_that_gives_up_waiting_leaves_nothing_in_the_log(
    caplog: pytest.LogCaptureFixture, looptime: LoopTimeProxy
) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await Begun(Waiting()).begin("t1", GIVEN, "wait", 60)  # type: ignore[arg-type]
    assert looptime == 6
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_nothing_begins_once_the_block_is_left(pool: Pool, crew: Crew) -> None:
    store = SlowArtifacts()
    async with Orchestrator.on(crew.workflow(), pool, artifacts=store) as quorum:
        work: list[WorkItem] = [{"specialist": "one", "payload": {"text": "long " * 20_000}}]
        starting = asyncio.create_task(quorum.start({"task": "look", "work": work}, "t1"))
        await store.asked.wait()
    store.go.set()
    with pytest.raises(ConfigurationError, match="this orchestrator is closed"):
        await starting
    async with Orchestrator.on(crew.workflow(), pool) as another:
        assert not await another.list()


async def test_a_class_of_ones_own_opens_as_itself(pool: Pool) -> None:
    class Mine(Orchestrator):
        pass

    async with Mine.on(clashing(), pool) as quorum:
        assert isinstance(quorum, Mine)


async def test_a_run_that_fails_while_nobody_awaits_it_is_one_line_in_the_log(
    pool: Pool, crew: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    work: list[WorkItem] = [{"branch_id": "x", "specialist": "nobody"}]
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        for thread_id in ("left", "awaited", "followed"):
            run = await quorum.start({"task": "look", "work": work}, thread_id)
            if thread_id == "awaited":
                with pytest.raises(PlanError):
                    await run.result()
            if thread_id == "followed":
                assert [event async for event in run.events()] == []
            while not run.stopped:
                await run.ended(1)
            del run
            gc.collect()
    (line,) = caplog.messages
    assert line.startswith("thread 'left' has failed, and nobody awaits its result: PlanError: branch 'x': unknown")
