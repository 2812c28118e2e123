"""The writer takes turns with others where connections are few."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed, open_pool
from langgraph_quorum.orchestration.persistence.saving import calls, writer
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from tests.persistence.saving.waits import blocked

AT: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}
BATCHES = 5


async def flushes_before(pool: Pool, saver: GroupCommitSaver, asks: asyncio.Event) -> int:
    """How many batches were stored when it had its turn."""
    asks.set()
    async with borrowed(pool, "renewing"):
        return saver.statistics().flushes


@pytest.mark.parametrize("when", ["before the first", "within the first"])
async def test_the_only_connection_is_shared_between_two_batches_with_who_waits_for_it(
    pool: Pool, migrated_database: str, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Such as the heartbeat of a lease, which is lost when it waits too long."""
    monkeypatch.setattr(calls, "BATCH_CALLS", 1)
    monkeypatch.setattr(writer, "_SHARE_S", 0.0)
    async with open_pool(migrated_database, max_size=1) as single, asyncio.timeout(20):
        saver = GroupCommitSaver(single)
        async with pool.connection() as holder, holder.transaction():
            await holder.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
            writes = [asyncio.ensure_future(saver.aput_writes(AT, [("c", n)], f"task-{n}")) for n in range(BATCHES)]
            while single.statistics().idle:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0)
            if when == "within the first":
                await blocked(pool)
            other = asyncio.ensure_future(flushes_before(single, saver, asks := asyncio.Event()))
            await asks.wait()
            await blocked(pool)
        assert await other == 1
        await asyncio.gather(*writes)
        assert saver.statistics().flushes == BATCHES
