"""The history of a run: every state that it has stood in, read without its graph."""

from __future__ import annotations

import asyncio

import pytest

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.history import read_history
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.state.errors import ConfigurationError, ThreadNotFoundError
from langgraph_quorum.state.workflow import QuorumInput
from tests.orchestration.crews import Crew
from tests.orchestration.graphs_of_ones_own import joining

TASK: QuorumInput = {"task": "look"}
STEPS = [  # what follows each state of a run without recovery, the first one first
    ("__start__",),
    ("analyzer",),
    ("coordinator",),
    ("one", "two", "slow"),
    ("sync_point",),
    ("merger",),
    ("validator",),
    ("integrator",),
    (),
]


async def test_a_history_tells_what_followed_and_who_wrote(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await (await quorum.start(TASK, thread_id="t1")).result()
    steps = (await read_history(make_saver(pool), "t1"))[::-1]
    assert [step.next for step in steps] == STEPS
    assert [step.writers for step in steps] == [(), *STEPS[:-1]]
    assert [step.step for step in steps] == list(range(-1, 8))
    assert [step.source for step in steps] == ["input", *["loop"] * 8]
    assert [step.parent_id for step in steps] == [None, *(step.checkpoint_id for step in steps[:-1])]
    assert [(step.tasks, step.written) for step in steps[3:5]] == [(3, 3), (1, 1)]
    assert (steps[3].status, steps[-1].status, steps[-1].round) == ("running", "approved", 0)
    assert all(step.created_at is not None for step in steps)


async def test_a_history_is_read_in_parts(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await (await quorum.start(TASK, thread_id="t1")).result()
        whole = await quorum.history("t1")
        parts = await quorum.history("t1", limit=4)
        while len(parts) < len(whole):
            parts += await quorum.history("t1", limit=4, before=parts[-1].checkpoint_id)
        assert parts == whole
        assert await quorum.history("t1", before=whole[-1].checkpoint_id) == []


async def test_a_stopped_fan_out_shows_how_far_it_came(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        await quorum.cancel("t1")
        latest = (await quorum.history("t1", limit=1))[0]
    assert (latest.next, latest.tasks, latest.written) == (("one", "two", "slow"), 3, 2)


async def test_what_makes_no_sense_is_named(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        for before in (None, "0"):
            with pytest.raises(ThreadNotFoundError, match="'nowhere'"):
                await quorum.history("nowhere", before=before)
        for limit in (0, 1001, True):
            with pytest.raises(ConfigurationError, match="limit="):
                await quorum.history("t1", limit=limit)
        with pytest.raises(ConfigurationError, match="before="):
            await quorum.history("t1", before="")


async def test_a_checkpoint_that_the_run_does_not_have_is_refused_as_the_place_to_begin(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        for thread_id in ("t1", "t2"):
            await (await quorum.start(TASK, thread_id)).result()
        (theirs,) = await quorum.history("t2", limit=1)
        for before in ("nope", "zzz", theirs.checkpoint_id):
            with pytest.raises(ConfigurationError, match=f"before='{before}'.*'t1' has no such checkpoint"):
                await quorum.history("t1", before=before)


async def test_what_follows_a_join_is_told_also_where_a_name_holds_a_plus(pool: Pool) -> None:
    async with Orchestrator.on(joining("read+sort"), pool) as quorum:
        waiting = await (await quorum.start({}, "t1")).result()
        await (await quorum.resume("t1", dict.fromkeys(waiting["interrupts"], "yes"))).result()
        history = await quorum.history("t1")
    assert [step.next for step in history][:2] == [(), ("publish",)]
