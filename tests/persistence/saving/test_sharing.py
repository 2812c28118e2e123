"""The thread that writes takes turns with others where connections are few."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from langgraph_quorum.orchestration.persistence.pool import borrowed, open_pool
from langgraph_quorum.orchestration.persistence.saving import calls, transaction, writer
from langgraph_quorum.orchestration.persistence.saving.exchange import exchange
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver

BATCHES = 5


async def test_the_only_connection_is_shared_between_two_batches_with_who_waits_for_it(
    migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the heartbeat of a lease, which is lost when it waits too long."""
    may_write = threading.Event()

    def held_up(*what: Any, **limits: Any) -> Any:
        may_write.wait(10)
        return exchange(*what, **limits)

    monkeypatch.setattr(transaction, "exchange", held_up)
    monkeypatch.setattr(calls, "BATCH_CALLS", 1)
    monkeypatch.setattr(writer, "_SHARE_S", 0.0)
    async with open_pool(migrated_database, max_size=1) as pool, asyncio.timeout(20):
        saver = GroupCommitSaver(pool)
        at: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}
        writes = [asyncio.ensure_future(saver.aput_writes(at, [("c", n)], f"task-{n}")) for n in range(BATCHES)]
        while pool.statistics().idle:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)

        async def written_when_it_had_its_turn() -> int:
            async with borrowed(pool, "renewing"):
                return saver.statistics().flushes

        other = asyncio.ensure_future(written_when_it_had_its_turn())
        while not pool.statistics().waiting:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
        may_write.set()
        assert await other == 1
        await asyncio.gather(*writes)
        assert saver.statistics().flushes == BATCHES
