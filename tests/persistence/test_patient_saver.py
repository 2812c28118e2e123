"""A write whose connection is cut in the middle is done again on another one; a faulty one is not."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.patient_saver import is_passing
from langgraph_quorum.orchestration.persistence.saver import make_saver

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def blocked_backend(admin: psycopg.AsyncConnection[tuple[int]]) -> int:
    """The backend that waits for a lock, once there is one."""
    for _ in range(500):
        row = await (await admin.execute(WAITING)).fetchone()
        if row is not None:
            return row[0]
        await asyncio.sleep(0.01)
    raise AssertionError("nothing waits for the lock")


async def test_a_write_that_is_cut_off_in_the_middle_is_done_again(database: str) -> None:
    config = {"configurable": {"thread_id": "t1", "checkpoint_ns": ""}}
    async with open_database(database) as pool:
        saver = make_saver(pool)
        stored = await saver.aput(config, empty_checkpoint(), {"step": 0}, {})  # type: ignore[arg-type]
        async with (
            await psycopg.AsyncConnection.connect(database) as holder,
            await psycopg.AsyncConnection.connect(database, autocommit=True) as admin,
        ):
            await holder.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
            writing = asyncio.create_task(saver.aput_writes(stored, [("channel", "value")], "task-1"))
            await admin.execute("SELECT pg_terminate_backend(%s)", (await blocked_backend(admin),))
            again = await blocked_backend(admin)
            await holder.rollback()
            await asyncio.wait_for(writing, 10)
        assert again
        found = await saver.aget_tuple(stored)
    assert found is not None
    assert found.pending_writes == [("task-1", "channel", "value")]


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (psycopg.OperationalError("the connection is closed"), True),
        (psycopg.errors.AdminShutdown("terminating connection"), True),
        (psycopg.errors.DiskFull("no space left"), False),
        (psycopg.errors.UndefinedTable("no such table"), False),
        (ValueError("not the database's"), False),
    ],
)
def test_only_a_fault_of_the_connection_is_tried_again(error: Exception, passes: bool) -> None:
    assert is_passing(error) is passes
