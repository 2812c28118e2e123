"""Statements in one round trip from a thread: all or nothing, and a connection that is idle again or not used again."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.saving.arrays import numbered
from langgraph_quorum.orchestration.persistence.saving.exchange import LARGE_BYTES, StoppedError, exchange
from langgraph_quorum.orchestration.persistence.saving.pipelined import RefusedError, Statement
from tests.outages.proxy import proxied

INTO = b"INSERT INTO kept SELECT * FROM unnest(%(t)b::text[], %(b)b::bytea[], %(i)b::integer[], %(l)b::bigint[])"
ROWS: dict[str, Sequence[Any]] = {
    "t": ["ä", None, "", "x" * 100_000, "same", "same"],
    "b": [b"\x00\xff", b"", None, bytes(1000), b"1", b"2"],
    "i": [-1, 2**31 - 1, -(2**31), None, 0, 0],
    "l": [2**63 - 1, -1, 0, 1, None, None],
}
SAME: dict[str, Sequence[Any]] = {"t": ["ü"] * 3, "b": [b"b"] * 3, "i": [7] * 3, "l": [-7] * 3}
MISSING = {"t": [None] * 2, "b": [None] * 2, "i": [None] * 2, "l": [None] * 2}


async def exchanged(
    connection: psycopg.AsyncConnection[Any],
    statements: Sequence[Statement],
    until: float = math.inf,
    is_stopped: Callable[[], bool] = lambda: False,
    prepared: set[bytes] | None = None,
) -> list[int]:
    run = partial(exchange, connection.pgconn, statements, until=until, is_stopped=is_stopped, prepared=prepared)
    return await asyncio.wait_for(asyncio.to_thread(run), 30)


async def table(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute("CREATE TEMP TABLE kept (t text, b bytea, i integer, l bigint)")


async def test_arrays_arrive_as_they_are(pool: Pool) -> None:
    async with pool.connection() as connection:
        await table(connection)
        await exchanged(connection, [Statement(INTO, ROWS), Statement(INTO, SAME), Statement(INTO, MISSING)])
        rows = await (await connection.execute("SELECT * FROM kept")).fetchall()
    expected = [
        dict(zip(part, values, strict=True))
        for part in (ROWS, SAME, MISSING)
        for values in zip(*part.values(), strict=True)
    ]
    assert rows == expected


def test_a_placeholder_that_occurs_twice_is_one_argument() -> None:
    statement = numbered(b"SELECT %(a)b::text[], %(b)b::bigint[], %(a)b::text[]")
    assert statement.sql == b"SELECT $1::text[], $2::bigint[], $1::text[]"
    assert len(statement.arguments({"a": ["x"], "b": [1]})) == len(statement.oids) == 2


@pytest.mark.parametrize("count", [1, 3], ids=["alone", "in the middle"])
async def test_when_one_fails_none_is_carried_out_and_the_connection_can_be_used_again(pool: Pool, count: int) -> None:
    statements = [Statement(INTO, ROWS)] * count
    statements[count // 2] = Statement(b"SELECT 1 / 0", {})
    async with pool.connection() as connection:
        await table(connection)
        with pytest.raises(RefusedError):
            await exchanged(connection, statements)
        assert connection.pgconn.transaction_status == TransactionStatus.IDLE
        await exchanged(connection, [Statement(INTO, SAME)])
        rows = await (await connection.execute("SELECT t FROM kept")).fetchall()
    assert [row["t"] for row in rows] == ["ü"] * 3


async def test_more_than_a_socket_holds_goes_through(pool: Pool) -> None:
    content = b"x" * 20_000_000
    async with pool.connection() as connection:
        await table(connection)
        await exchanged(connection, [Statement(INTO, {"t": ["t"], "b": [content], "i": [1], "l": [1]})] * 2)
        row = await (await connection.execute("SELECT count(*) AS n, sum(length(b)) AS size FROM kept")).fetchone()
    assert row == {"n": 2, "size": 40_000_000}


async def test_it_tells_how_many_rows_each_statement_has_written_or_found(pool: Pool) -> None:
    found = Statement(b"SELECT i FROM kept WHERE i = ANY(%(i)b::integer[])", {"i": [7]})
    async with pool.connection() as connection:
        await table(connection)
        counts = await exchanged(connection, [Statement(INTO, SAME), found, Statement(INTO, ROWS)])
    assert counts == [3, 3, 6]


async def test_only_steady_statements_are_prepared_and_each_once_for_its_connection(pool: Pool) -> None:
    steady, other = Statement(INTO, SAME, is_steady=True), Statement(b"SELECT 1", {})
    prepared: set[bytes] = set()
    async with pool.connection() as connection:
        await table(connection)
        assert await exchanged(connection, [steady, other, steady], prepared=prepared) == [3, 1, 3]
        assert await exchanged(connection, [steady], prepared=prepared) == [3]
        assert await exchanged(connection, [steady], prepared=None) == [3]
        rows = await (await connection.execute("SELECT name, statement FROM pg_prepared_statements")).fetchall()
    assert [(row["name"].encode(), row["statement"].encode()) for row in rows] == [
        (numbered(INTO).name, numbered(INTO).sql)
    ]
    assert prepared == {numbered(INTO).name}


async def test_waiting_ends_when_it_is_stopped_and_when_its_time_is_up(pool: Pool) -> None:
    asleep = [Statement(b"SELECT pg_sleep(60)", {})]
    for error, limits in (
        (StoppedError, {"is_stopped": lambda: True}),
        (TimeoutError, {"until": time.monotonic()}),
    ):
        async with pool.connection() as connection:
            with pytest.raises(error):
                await exchanged(connection, asleep, **limits)
            await connection.close()


async def test_a_connection_that_is_cut_is_an_error_of_the_connection(pool: Pool) -> None:
    cutting = [Statement(b"SELECT pg_terminate_backend(pg_backend_pid())", {}), Statement(b"SELECT 1", {})]
    async with pool.connection() as connection:
        with pytest.raises(psycopg.OperationalError):
            await exchanged(connection, cutting)
        assert connection.closed


async def test_single_values_arrive_as_they_are(pool: Pool) -> None:
    one = b"INSERT INTO kept VALUES (%(t)b::text, %(b)b::bytea, %(i)b::integer, %(l)b::bigint)"
    values = {"t": "ä", "b": b"\x00", "i": -1, "l": 2**63 - 1}
    async with pool.connection() as connection:
        await table(connection)
        await exchanged(connection, [Statement(one, values), Statement(one, dict.fromkeys(values))])
        rows = await (await connection.execute("SELECT * FROM kept")).fetchall()
    assert rows == [values, dict.fromkeys(values)]


class Sends:
    """Counts how often libpq is asked to hand on what it has not sent yet; it moves all the rest each time."""

    def __init__(self, pgconn: Any) -> None:
        self._pgconn, self.flushes = pgconn, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pgconn, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "nonblocking":
            setattr(self._pgconn, name, value)
        else:
            super().__setattr__(name, value)

    def flush(self) -> int:
        self.flushes += 1
        return int(self._pgconn.flush())


@pytest.mark.parametrize("prepared", [None, set[bytes]()], ids=["not prepared", "prepared"])
async def test_what_is_large_is_sent_at_one_go_among_what_is_not(pool: Pool, prepared: set[bytes] | None) -> None:
    large = {**SAME, "b": [bytes(2 * LARGE_BYTES), b"", b"b"]}
    async with pool.connection() as connection:
        await table(connection)
        sends = Sends(connection.pgconn)
        statements = [Statement(INTO, columns, is_steady=True) for columns in (SAME, large, SAME, large)]
        run = partial(exchange, cast("Any", sends), statements, until=math.inf, is_stopped=bool, prepared=prepared)
        assert await asyncio.wait_for(asyncio.to_thread(run), 30) == [3, 3, 3, 3]
        assert sends.flushes < 10  # the socket takes some hundred kilobytes each time
        sizes = await (await connection.execute("SELECT sum(length(b))::integer AS n FROM kept")).fetchone()
        assert connection.pgconn.nonblocking
    assert sizes == {"n": 2 * (2 * LARGE_BYTES + 1) + 6}


@pytest.mark.parametrize("why", ["stopped", "too late"])
async def test_what_is_large_does_not_wait_for_ever_for_a_server_that_takes_nothing(database: str, why: str) -> None:
    large = {**SAME, "b": [bytes(4 * LARGE_BYTES), b"", b"b"]}
    async with proxied(database) as proxy, open_pool(proxy.dsn) as pool, pool.connection() as connection:
        await table(connection)
        proxy.freeze()
        until = math.inf if why == "stopped" else time.monotonic() + 0.3
        with pytest.raises(StoppedError if why == "stopped" else TimeoutError):
            await exchanged(connection, [Statement(INTO, large)], until, lambda: why == "stopped")
        await connection.close()


async def test_the_event_loop_goes_on_while_a_large_value_waits_to_be_sent(database: str) -> None:
    large = {**SAME, "b": [bytes(4 * LARGE_BYTES), b"", b"b"]}
    async with proxied(database) as proxy, open_pool(proxy.dsn) as pool, pool.connection() as connection:
        await table(connection)
        proxy.freeze()
        sending = asyncio.create_task(exchanged(connection, [Statement(INTO, large)]))
        for _ in range(3):
            await asyncio.sleep(0.02)
            assert not sending.done()
        proxy.thaw()
        assert await sending == [3]
