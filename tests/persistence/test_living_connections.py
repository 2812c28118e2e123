"""Connections that were cut are passed over at once, and whoever waits for one gets it once the server is back."""

import asyncio
import time

import pytest
from psycopg_pool import PoolTimeout

from langgraph_quorum.orchestration.persistence.living_connections import pause_after
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from tests.outages.mishaps import terminate
from tests.outages.proxy import proxied

PATIENCE_S = 6.0
"""Psycopg's own pool takes seven seconds for the fourth of its dead connections, and ten for who was given up."""


async def answer(pool: Pool) -> int:
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT 1 AS one")).fetchone()
    assert row is not None
    return int(row["one"])


async def test_a_pool_full_of_dead_connections_hands_out_a_living_one_without_pauses(database: str) -> None:
    async with open_pool(database, min_size=8, timeout_s=PATIENCE_S) as pool:
        await terminate(database)
        assert await answer(pool) == 1
        assert pool.statistics().connections_lost >= 4


async def test_many_that_come_at_once_for_dead_connections_are_all_served(database: str) -> None:
    async with open_pool(database, min_size=8, timeout_s=PATIENCE_S) as pool:
        await terminate(database)
        assert await asyncio.gather(*(answer(pool) for _ in range(30))) == [1] * 30


async def test_who_waits_gets_a_connection_once_the_server_is_back_and_it_is_not_overrun_meanwhile(
    database: str,
) -> None:
    async with proxied(database) as proxy, open_pool(proxy.dsn, timeout_s=PATIENCE_S) as pool:
        await proxy.refuse()
        proxy.cut()
        began = time.monotonic()
        waiting = [asyncio.create_task(answer(pool)) for _ in range(5)]
        while pool.statistics().connections_failed < 8:  # noqa: ASYNC110  psycopg's pool has given up by then
            await asyncio.sleep(0.01)
        assert time.monotonic() - began > 1.0  # eight attempts
        await proxy.listen()
        assert await asyncio.gather(*waiting) == [1] * 5


async def test_a_server_that_stays_away_is_given_up_in_time_and_nothing_goes_on_trying(database: str) -> None:
    async with proxied(database) as proxy:
        before = asyncio.all_tasks()
        async with open_pool(proxy.dsn, timeout_s=1) as pool:
            await proxy.refuse()
            proxy.cut()
            with pytest.raises(PoolTimeout):
                await answer(pool)
        assert {task.get_name() for task in asyncio.all_tasks() - before if not task.done()} <= {"Task-1"}


async def test_a_connection_whose_check_was_cancelled_is_not_lost(database: str) -> None:
    async with open_pool(database, max_size=1, timeout_s=PATIENCE_S) as pool:
        asking = asyncio.create_task(answer(pool))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        assert await answer(pool) == 1


def test_only_more_dead_connections_than_a_pool_holds_are_paused_for_and_never_longer_than_a_second() -> None:
    assert [pause_after(dead, 10) for dead in range(1, 11)] == [0.0] * 10
    assert [pause_after(dead, 10) for dead in (11, 12, 13)] == [0.05, 0.1, 0.2]
    assert pause_after(10_000, 10) == 1.0
