"""What is cut off in the middle is done again on another connection; what is at fault itself is not."""

from __future__ import annotations

import asyncio

import psycopg
import psycopg_pool
import pytest
from langgraph.checkpoint.base import empty_checkpoint

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.saving.patience import is_passing, patiently
from langgraph_quorum.state.errors import DatabaseError

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
        assert saver.statistics().retries == 1
        found = await saver.aget_tuple(stored)
    assert found is not None
    assert found.pending_writes == [("task-1", "channel", "value")]


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (psycopg.OperationalError("the connection is closed"), True),
        (psycopg.errors.AdminShutdown("terminating connection"), True),
        (psycopg.errors.DiskFull("no space left"), False),
        (psycopg.errors.ProgramLimitExceeded("index row is too large"), False),
        (psycopg_pool.PoolClosed("closed"), False),
        (psycopg.errors.UndefinedTable("no such table"), False),
        (ValueError("not the database's"), False),
    ],
)
def test_only_a_fault_of_the_connection_is_tried_again(error: Exception, passes: bool) -> None:
    assert is_passing(error) is passes


async def test_a_read_that_is_cut_off_in_the_middle_is_done_again(database: str) -> None:
    config = {"configurable": {"thread_id": "t1", "checkpoint_ns": ""}}
    async with open_database(database) as pool:
        saver = make_saver(pool)
        await saver.aput(config, empty_checkpoint(), {"step": 7}, {})  # type: ignore[arg-type]
        async with (
            await psycopg.AsyncConnection.connect(database) as holder,
            await psycopg.AsyncConnection.connect(database, autocommit=True) as admin,
        ):
            await holder.execute("LOCK TABLE checkpoints IN ACCESS EXCLUSIVE MODE")
            reading = asyncio.create_task(saver.aget_tuple(config))  # type: ignore[arg-type]
            await admin.execute("SELECT pg_terminate_backend(%s)", (await blocked_backend(admin),))
            await blocked_backend(admin)
            await holder.rollback()
            found = await asyncio.wait_for(reading, 10)
    assert found is not None
    assert found.metadata["step"] == 7


@pytest.mark.looptime
async def test_patience_ends_after_its_time_with_the_error_as_it_was() -> None:
    async def fail() -> None:
        raise psycopg.OperationalError("gone")

    loop = asyncio.get_running_loop()
    began, retries = loop.time(), [0]

    def note() -> None:
        retries[0] += 1

    with pytest.raises(psycopg.OperationalError, match="gone"):
        await patiently("testing", fail, patience_s=30, on_retry=note)
    assert 30 <= loop.time() - began <= 30 + 2  # a pause is 2 seconds at most
    assert retries[0] >= 30 / 2


@pytest.mark.looptime
async def test_an_attempt_without_an_answer_ends() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(DatabaseError, match="testing: Postgres does not answer in time"):
        await patiently("testing", hang)
