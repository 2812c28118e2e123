"""The pooler of these tests really is one: whatever is kept in a session goes astray behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from tests.pooler.proxy import Pooler, transaction_pooler


@pytest.fixture
async def pooler(database: str) -> AsyncIterator[Pooler]:
    async with transaction_pooler(database) as running:
        yield running


async def connect(pooler: Pooler) -> AsyncConnection[TupleRow]:
    return await AsyncConnection.connect(pooler.dsn, autocommit=True, prepare_threshold=None)


async def value(connection: AsyncConnection[TupleRow], query: str) -> object:
    row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return row[0]


async def test_each_transaction_gets_another_server_connection(pooler: Pooler) -> None:
    async with await connect(pooler) as connection:
        alone = [await value(connection, "SELECT pg_backend_pid()") for _ in range(3)]
        async with connection.transaction():
            together = [await value(connection, "SELECT pg_backend_pid()") for _ in range(3)]
        announced = connection.info.backend_pid
    assert len(set(alone)) == 3
    assert len(set(together)) == 1
    assert announced not in alone
    assert (pooler.transactions, pooler.switches) == (4, 3)


async def test_a_setting_of_the_session_is_lost_to_its_owner_and_found_by_another(pooler: Pooler) -> None:
    async with await connect(pooler) as one, await connect(pooler) as other:
        await one.execute("SET search_path = elsewhere")
        assert await value(one, "SHOW search_path") != "elsewhere"
        found = [await value(other, "SHOW search_path") for _ in range(3)]
    assert "elsewhere" in found


async def test_a_session_lock_is_given_to_two_at_once(pooler: Pooler) -> None:
    async with await connect(pooler) as one, await connect(pooler) as other:
        assert await value(one, "SELECT pg_try_advisory_lock(1)") is True
        taken = [await value(other, "SELECT pg_try_advisory_lock(1)") for _ in range(3)]
    assert taken == [False, False, True]  # the third server connection is the one that holds it already


async def test_a_lock_of_the_transaction_holds(pooler: Pooler) -> None:
    async with await connect(pooler) as one, await connect(pooler) as other, one.transaction():
        assert await value(one, "SELECT pg_try_advisory_xact_lock(1)") is True
        assert [await value(other, "SELECT pg_try_advisory_xact_lock(1)") for _ in range(4)] == [False] * 4


async def test_a_prepared_statement_is_not_found_again(pooler: Pooler) -> None:
    async with await AsyncConnection.connect(pooler.dsn, autocommit=True, prepare_threshold=0) as connection:
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            await connection.execute("SELECT %s::int", (1,))


async def test_statements_of_a_pipeline_stay_together(pooler: Pooler) -> None:
    async with await connect(pooler) as connection, connection.pipeline():
        cursors = [await connection.execute("SELECT %s::int", (number,)) for number in range(20)]
        assert [(await cursor.fetchone()) for cursor in cursors] == [(number,) for number in range(20)]


async def test_a_transaction_that_its_client_leaves_is_undone(pooler: Pooler, database: str) -> None:
    connection = await connect(pooler)
    await connection.execute("CREATE TABLE kept (n int)")
    await connection.execute("BEGIN")
    await connection.execute("INSERT INTO kept VALUES (1)")
    await connection.close()
    async with await connect(pooler) as other:
        assert [await value(other, "SELECT count(*) FROM kept") for _ in range(4)] == [0] * 4


async def test_startup_options_are_refused(pooler: Pooler) -> None:
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter: options"):
        await AsyncConnection.connect(pooler.dsn, options="-c search_path=elsewhere")
