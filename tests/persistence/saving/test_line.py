"""Statements that the event loop sends: begun at once, carried on as the socket is ready, and nothing left behind."""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, open_pool
from langgraph_quorum.orchestration.persistence.saving.line import Line
from langgraph_quorum.orchestration.persistence.saving.pipelined import RefusedError, Statement
from langgraph_quorum.orchestration.persistence.saving.transaction import ASIDE_BYTES
from tests.outages.proxy import proxied
from tests.persistence.saving.waits import blocked

INTO = b"INSERT INTO kept SELECT * FROM unnest(%(t)b::text[])"
FEW = Statement(INTO, {"t": ["a", "b"]}, is_steady=True)
MUCH = Statement(INTO, {"t": ["x" * (ASIDE_BYTES - 1)]}, is_steady=True)
"""As large as what is sent from the event loop may be."""


class Going:
    """A line that is asked for answers whenever its socket is ready, and how often that was."""

    def __init__(self, connection: Connection, prepared: set[bytes] | None = None) -> None:
        self._ready, self.times = asyncio.Event(), 0
        self.line = Line(connection.pgconn, prepared, self._is_ready)
        self.close = self.line.close

    def _is_ready(self) -> None:
        self.times += 1
        self._ready.set()

    async def carried_out(self, *statements: Statement) -> list[int]:
        """Begin, and wait for the answers."""
        self.line.begin(statements)
        return await self.answered()

    async def answered(self) -> list[int]:
        async with asyncio.timeout(30):
            while (counts := self.line.answers()) is None:
                self._ready.clear()
                await self._ready.wait()
        return counts


async def table(connection: Connection) -> None:
    await connection.execute("CREATE TABLE kept (t text)")


async def kept(connection: Connection) -> list[Any]:
    rows = await (await connection.execute("SELECT t FROM kept")).fetchall()
    return [row["t"] for row in rows]


def takes_little(connection: Connection) -> None:
    """Have its socket take a few kilobytes at a time."""
    with socket.socket(fileno=os.dup(connection.pgconn.socket)) as taking:
        taking.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)


def left_registered(connection: Connection) -> tuple[bool, bool]:
    """Whether the loop still looks for something to read there, or to write; it does not afterwards."""
    loop, number = asyncio.get_running_loop(), connection.pgconn.socket
    return bool(loop.remove_reader(number)), bool(loop.remove_writer(number))


async def test_what_is_begun_is_stored_while_the_loop_is_busy(pool: Pool, database: str) -> None:
    async with pool.connection() as connection:
        await table(connection)
        with closing(Going(connection)) as going, psycopg.connect(database, autocommit=True) as looking:
            going.line.begin([FEW])
            looking.execute("SET statement_timeout = '10s'")
            looking.execute("DO 'BEGIN WHILE NOT EXISTS (SELECT FROM kept) LOOP COMMIT; END LOOP; END'")  # blocks us
            assert going.times == 0
            assert await going.answered() == [2]


async def test_batch_after_batch_tells_how_many_rows_each_statement_has_written_or_found(pool: Pool) -> None:
    found = Statement(b"SELECT t FROM kept WHERE t = ANY(%(t)b::text[])", {"t": ["a"]})
    async with pool.connection() as connection:
        await table(connection)
        prepared: set[bytes] = set()
        with closing(Going(connection, prepared)) as going:
            for times in (1, 2, 3):
                assert await going.carried_out(FEW, found, MUCH) == [2, times, 1]
                assert len(prepared) == 1
                assert not going.line.is_busy
        assert len(await kept(connection)) == 9


async def test_when_one_fails_none_is_carried_out_and_the_next_can_be_begun(pool: Pool) -> None:
    async with pool.connection() as connection:
        await table(connection)
        with closing(Going(connection)) as going:
            with pytest.raises(RefusedError):
                await going.carried_out(FEW, Statement(b"SELECT 1 / 0", {}), FEW)
            assert await going.carried_out(FEW) == [2]
        assert connection.pgconn.transaction_status == TransactionStatus.IDLE
        assert await kept(connection) == ["a", "b"]


async def test_what_the_socket_does_not_take_at_once_is_sent_as_it_becomes_ready_and_the_loop_goes_on(
    database: str,
) -> None:
    async with proxied(database) as proxy, open_pool(proxy.dsn) as pool, pool.connection() as connection:
        await table(connection)
        takes_little(connection)
        with closing(Going(connection)) as going:
            proxy.freeze()
            sending = asyncio.create_task(going.carried_out(MUCH, FEW))
            for _ in range(3):
                await asyncio.sleep(0.02)
            assert connection.pgconn.flush() == 1  # there is more to send
            assert not sending.done()
            proxy.thaw()
            assert await sending == [1, 2]
        assert sorted(map(len, await kept(connection))) == [1, 1, ASIDE_BYTES - 1]


async def test_once_all_is_sent_nothing_more_is_asked_of_the_socket_but_to_be_read(pool: Pool) -> None:
    held_up = Statement(b"SELECT pg_advisory_xact_lock(%(n)b::bigint)", {"n": 1})
    async with pool.connection() as holder, pool.connection() as connection:
        await table(connection)
        await holder.execute("SELECT pg_advisory_lock(1)")
        takes_little(connection)
        with closing(Going(connection)) as going:
            carried_out = asyncio.create_task(going.carried_out(MUCH, held_up))
            await blocked(pool)
            assert not asyncio.get_running_loop().remove_writer(connection.pgconn.socket)
            await holder.execute("SELECT pg_advisory_unlock(1)")
            assert await carried_out == [1, 1]


async def test_it_reads_while_it_sends_or_both_sides_would_wait_for_the_other_to_read(pool: Pool) -> None:
    much = Statement(b"SELECT repeat('x', 1000000) FROM generate_series(1, %(n)b::integer)", {"n": 10})
    async with pool.connection() as connection:
        await table(connection)
        takes_little(connection)
        with closing(Going(connection)) as going:
            assert await going.carried_out(much, MUCH, MUCH) == [10, 1, 1]


@pytest.mark.parametrize("is_sent", [True, False], ids=["sent", "partly sent"])
async def test_a_line_that_is_closed_leaves_nothing_on_the_loop_whatever_is_under_way(
    database: str, is_sent: bool
) -> None:
    statements: Sequence[Statement] = [Statement(b"SELECT pg_sleep(60)", {}) if is_sent else MUCH]
    async with proxied(database) as proxy, open_pool(proxy.dsn) as pool, pool.connection() as connection:
        await table(connection)
        takes_little(connection)
        proxy.freeze()
        going = Going(connection)
        going.line.begin(statements)
        going.close()
        assert left_registered(connection) == (False, False)
        assert not going.line.is_busy
        await connection.close()


async def test_a_connection_that_is_cut_is_an_error_of_the_connection(database: str) -> None:
    async with proxied(database) as proxy, open_pool(proxy.dsn) as pool, pool.connection() as connection:
        with closing(Going(connection)) as going:
            carried_out = asyncio.create_task(going.carried_out(Statement(b"SELECT pg_sleep(60)", {})))
            await asyncio.sleep(0)
            proxy.cut()
            with pytest.raises(psycopg.OperationalError):
                await carried_out
            assert connection.closed
