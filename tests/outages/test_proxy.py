"""The proxy does to a connection what it is told to, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.outages.proxy import Proxy, Trap, proxied

pytestmark = pytest.mark.slow


@pytest.fixture
async def proxy(database: str) -> AsyncIterator[Proxy]:
    async with proxied(database) as one:
        yield one


@pytest.fixture
async def connection(proxy: Proxy) -> AsyncIterator[psycopg.AsyncConnection]:
    connection = await psycopg.AsyncConnection.connect(proxy.dsn, autocommit=True)
    yield connection
    await connection.close()


async def test_it_hands_on_what_is_asked_and_answered(connection: psycopg.AsyncConnection) -> None:
    text = "x" * 300_000
    assert await (await connection.execute("SELECT %s", (text,))).fetchone() == (text,)


async def test_a_cut_breaks_every_connection_and_lets_new_ones_through(
    proxy: Proxy, connection: psycopg.AsyncConnection
) -> None:
    proxy.cut()
    with pytest.raises(psycopg.OperationalError):
        await connection.execute("SELECT 1")
    await (await psycopg.AsyncConnection.connect(proxy.dsn)).close()


async def test_a_half_closed_connection_is_of_no_use(proxy: Proxy, connection: psycopg.AsyncConnection) -> None:
    proxy.half_close()
    with pytest.raises(psycopg.OperationalError):
        await connection.execute("SELECT 1")


async def test_a_refused_connection_is_refused_until_it_listens_again(proxy: Proxy) -> None:
    await proxy.refuse()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        await psycopg.AsyncConnection.connect(proxy.dsn)
    await proxy.listen()
    await (await psycopg.AsyncConnection.connect(proxy.dsn)).close()


async def test_what_is_frozen_comes_through_once_it_thaws(proxy: Proxy, connection: psycopg.AsyncConnection) -> None:
    proxy.freeze()
    asking = asyncio.create_task(connection.execute("SELECT 1"))
    done, _ = await asyncio.wait({asking}, timeout=0.2)
    assert not done
    proxy.thaw()
    assert await (await asking).fetchone() == (1,)


async def test_a_statement_that_was_cut_in_half_never_happened(
    database: str, proxy: Proxy, connection: psycopg.AsyncConnection
) -> None:
    await connection.execute("CREATE TABLE told (said text)")
    proxy.trap = Trap(b"INSERT", "half")
    with pytest.raises(psycopg.OperationalError):
        await connection.execute("INSERT INTO told VALUES ('once')")
    assert await told(database) == 0


async def test_a_statement_whose_answer_was_cut_has_happened(
    database: str, proxy: Proxy, connection: psycopg.AsyncConnection
) -> None:
    await connection.execute("CREATE TABLE told (said text)")
    proxy.trap = Trap(b"INSERT", "answer")
    with pytest.raises(psycopg.OperationalError):
        await connection.execute("INSERT INTO told VALUES ('once')")
    assert await told(database) == 1


async def told(dsn: str) -> int:
    async with await psycopg.AsyncConnection.connect(dsn) as judge:
        row = await (await judge.execute("SELECT count(*) FROM told")).fetchone()
    assert row is not None
    return int(row[0])
