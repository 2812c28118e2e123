"""A driver that takes longer to write than its lease lasts keeps the thread, and its write."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.fence import hold_token
from langgraph_quorum.orchestration.persistence.lease import Lease, hold_lease, lease_statistics
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, open_pool
from langgraph_quorum.state.errors import LeaseLostError, ThreadBusyError
from tests.persistence.leases import eventually


@asynccontextmanager
async def writing(pool: Pool, lease: Lease) -> AsyncIterator[Connection]:
    """A transaction that writes under the lease, and whose statement does not end."""
    async with pool.connection() as connection, connection.transaction():
        await hold_token(connection, pool, lease.thread_id, lease.token)
        yield connection


async def beats(pool: Pool, lease: Lease, times: int) -> None:
    """Wait until the lease was renewed so often, or was lost."""
    enough = lease_statistics(pool).renewals + times
    await eventually(lambda: lease.lost.is_set() or lease_statistics(pool).renewals >= enough)


async def test_a_lease_is_renewed_while_its_driver_writes(pool: Pool) -> None:
    async with hold_lease(pool, "t", ttl_s=0.6) as lease:
        async with writing(pool, lease):
            await beats(pool, lease, 4)  # of three that fit into its time
        lease.check()


async def test_who_asks_for_a_thread_that_is_being_written_hears_that_it_is_busy_and_breaks_nothing_off(
    pool: Pool, database: str
) -> None:
    async with open_pool(database) as another, hold_lease(pool, "t", ttl_s=3.3) as lease:
        async with writing(pool, lease) as connection:
            await beats(pool, lease, 2)  # 2.2 s: for longer, only who was stopped sends nothing
            with pytest.raises(ThreadBusyError):
                await hold_lease(another, "t").__aenter__()
            assert await (await connection.execute("SELECT 1 AS one")).fetchone() == {"one": 1}
        lease.check()


async def test_a_thread_is_not_free_before_what_its_last_driver_writes_is_through(pool: Pool, database: str) -> None:
    async with open_pool(database) as another:
        next_driver = hold_lease(another, "t", on_busy="take_over")
        async with hold_lease(pool, "t") as lease, writing(pool, lease) as connection:
            await connection.execute("CREATE TABLE said AS SELECT 1 AS one")
            taking = asyncio.create_task(next_driver.__aenter__())
            done, _ = await asyncio.wait({taking}, timeout=0.3)
            assert not done
        taken = await taking
        with psycopg.connect(database) as judge:
            assert judge.execute("SELECT * FROM said").fetchall() == [(1,)]
        with pytest.raises(LeaseLostError):
            async with writing(pool, lease):
                pass
        assert taken.token > lease.token
        await next_driver.__aexit__(None, None, None)
