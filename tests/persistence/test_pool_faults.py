"""What a server does to a statement comes back as one error that names the mend."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolClosed

from langgraph_quorum.orchestration.persistence.faults import connection_fault, query_fault
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed, open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.state.errors import DatabaseError


@pytest.fixture
async def impatient(database: str) -> AsyncIterator[Pool]:
    settings = PoolSettings(statement_timeout_s=0.3, idle_in_transaction_s=0.2)
    async with open_pool(f"{database} options='-c lock_timeout=100'", settings) as pool:
        async with borrowed(pool, "preparing") as connection:
            await connection.execute("CREATE TABLE cells (n int PRIMARY KEY, v int)")
            await connection.execute("INSERT INTO cells VALUES (1, 0), (2, 0)")
        yield pool


async def test_a_statement_over_its_time_is_broken_off_by_the_server(impatient: Pool) -> None:
    with pytest.raises(DatabaseError, match=r"looking: the server broke it off \(.*statement timeout"):
        async with borrowed(impatient, "looking") as connection:
            await connection.execute("SELECT pg_sleep(30)")


async def test_a_lock_that_another_holds_is_named(impatient: Pool) -> None:
    async with borrowed(impatient, "holding") as holder, holder.transaction():
        await holder.execute("UPDATE cells SET v = 1 WHERE n = 1")
        with pytest.raises(DatabaseError, match=r"writing: another session holds a lock .* pg_locks"):
            async with borrowed(impatient, "writing") as connection:
                await connection.execute("UPDATE cells SET v = 2 WHERE n = 1")


async def test_a_transaction_that_stands_still_is_ended_and_lets_its_rows_go(impatient: Pool) -> None:
    async def stand_still() -> None:
        async with borrowed(impatient, "writing") as connection, connection.transaction():
            await connection.execute("UPDATE cells SET v = 1 WHERE n = 1")
            while not await gone(impatient, connection.info.backend_pid):  # noqa: ASYNC110 - the server decides it
                await asyncio.sleep(0.05)
            await connection.execute("UPDATE cells SET v = 2 WHERE n = 2")

    with pytest.raises(DatabaseError, match=r"writing: .*idle-in-transaction"):
        await stand_still()
    async with borrowed(impatient, "reading") as connection:
        rows = await (await connection.execute("SELECT sum(v) AS sum FROM cells")).fetchone()
    assert rows == {"sum": 0}


async def gone(pool: Pool, pid: int) -> bool:
    async with borrowed(pool, "looking") as connection:
        row = await connection.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,))
        return await row.fetchone() is None


async def test_two_transactions_in_each_others_way_are_told_to_try_again(impatient: Pool) -> None:
    async def overtaken() -> None:
        async with borrowed(impatient, "writing") as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await connection.execute("SELECT * FROM cells")
            async with borrowed(impatient, "in between") as other:
                await other.execute("UPDATE cells SET v = 1 WHERE n = 1")
            await connection.execute("UPDATE cells SET v = 2 WHERE n = 1")

    with pytest.raises(DatabaseError, match=r"writing: two transactions got in each other's way .* try again"):
        await overtaken()


async def test_a_server_that_shuts_down_is_told_apart_from_a_bad_statement(impatient: Pool) -> None:
    with pytest.raises(DatabaseError, match=r"writing: the server ended the connection .* is kept; try again"):
        async with borrowed(impatient, "writing") as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def test_a_server_without_free_connections_says_what_to_lower(database: str) -> None:
    role = f"few_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 1".encode())
        with (
            psycopg.connect(database, user=role),
            pytest.raises(DatabaseError, match=r"too many .* lower QUORUM_POOL_MAX"),
        ):
            async with open_pool(make_conninfo(database, user=role)):
                pass
        owner.execute(f"DROP ROLE {role}".encode())


@pytest.mark.parametrize(
    ("sentence", "mend"),
    [
        ("FATAL:  the database system is starting up", "try again in a moment"),
        ("FATAL:  the database system is not yet accepting connections", "try again in a moment"),
        ("FATAL:  terminating connection due to administrator command", "try again in a moment"),
        ("FATAL:  sorry, too many clients already", "lower QUORUM_POOL_MAX"),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", "QUORUM_POOL_MAX"),
        ("FATAL:  no more connections allowed (max_client_conn)", "lower QUORUM_POOL_MAX"),
        ("FATAL:  query_wait_timeout", "raise its pool size"),
        ('FATAL:  database "x" is not currently accepting connections', "GRANT CONNECT"),
        ("FATAL:  unsupported startup parameter: options", "QUORUM_POOL_MODE=transaction"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "u", database "d", no encryption', "sslmode=require"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "u", database "d", SSL encryption', "pg_hba.conf"),
    ],
)
def test_a_refusal_to_connect_names_the_mend(sentence: str, mend: str) -> None:
    fault = connection_fault(psycopg.OperationalError(f"connection failed: {sentence}"), "host=somewhere")
    assert str(fault).startswith("Postgres at somewhere:5432 refuses: ")
    assert mend in str(fault).rpartition(": ")[2]


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (errors.CannotConnectNow, "try again in a moment"),
        (errors.CrashShutdown, "try again in a moment"),
        (errors.TooManyConnections, "raise max_connections"),
        (errors.DeadlockDetected, "try again"),
        (errors.IdleInTransactionSessionTimeout, "its transaction is not stored"),
        (errors.TransactionTimeout, "its transaction is not stored"),
        (errors.ProgramLimitExceeded, "an id or name so long"),
        (PoolClosed, "its connections are closed"),
        (psycopg.InterfaceError, "check that it runs"),
    ],
)
def test_rarer_faults_name_theirs(error: type[psycopg.Error], mend: str) -> None:
    assert mend in str(query_fault(error("it said so {said}"), "storing"))


def test_lines_of_libpq_stay_apart_in_the_one_line() -> None:
    said = 'connection failed: connection to server at "h", port 1 failed: Connection refused\n\tIs it running?\n'
    wanted = "Postgres at h:1 does not answer: Connection refused; Is it running?: check that it runs"
    assert str(connection_fault(psycopg.OperationalError(said), "host=h port=1")).startswith(wanted)
    assert "(it broke; look there)" in str(query_fault(psycopg.OperationalError("it broke\n\nlook there"), "x"))


def test_a_password_of_two_lines_is_not_shown_either() -> None:
    fault = connection_fault(psycopg.OperationalError("bad se\ncret word\nlook"), "password='se\ncret'")
    assert "cret" not in str(fault)


@pytest.mark.parametrize(
    ("said", "mend", "not_said"),
    [
        ('unrecognized configuration parameter "quorum.tenant"', "set QUORUM_TENANT", "spelt"),
        ('role "nobody" does not exist', "check how it is spelt, or create it", "TENANT"),
    ],
)
def test_a_tenant_is_only_spoken_of_where_it_is_what_is_missing(said: str, mend: str, not_said: str) -> None:
    fault = str(query_fault(errors.UndefinedObject(said), "granting"))
    assert said in fault
    assert fault.endswith(mend)
    assert not_said not in fault
