"""A pool that says why it cannot connect, never shows a password, and comes back after a restart."""

import asyncio
import logging
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from langgraph_quorum.orchestration.persistence.faults import query_fault
from langgraph_quorum.orchestration.persistence.pool import borrowed, open_pool
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError

SECRET = "hunter2"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def why_not(dsn: str, timeout_s: float = 5) -> str:
    with pytest.raises(DatabaseError) as refused:
        async with open_pool(dsn, timeout_s=timeout_s):
            pass
    message = str(refused.value)
    assert SECRET not in message
    assert "\n" not in message
    return message


@asynccontextmanager
async def serving(answer: bytes | None) -> AsyncIterator[int]:
    """A port where something listens that is no Postgres; None never answers."""

    silent: list[asyncio.StreamWriter] = []  # from Python 3.13 on, one that nobody holds closes its connection

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            silent.append(writer)
        else:
            writer.write(answer)
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in silent:
        writer.close()


async def test_connections_are_set_up_as_the_saver_needs_them(database: str) -> None:
    async with open_pool(database) as pool, borrowed(pool, "looking") as connection:
        assert connection.autocommit
        assert connection.prepare_threshold is None
        row = await (await connection.execute("SELECT current_setting('application_name') AS name")).fetchone()
        assert row == {"name": "langgraph-quorum"}


async def test_the_dsns_own_settings_are_kept(database: str) -> None:
    async with open_pool(make_conninfo(database, application_name="mine")) as pool, borrowed(pool, "looking") as c:
        assert await (await c.execute("SHOW application_name")).fetchone() == {"application_name": "mine"}


async def test_a_closed_port_is_named(database: str) -> None:
    port = closed_port()
    message = await why_not(f"postgresql://me:{SECRET}@127.0.0.1:{port}/db")
    assert message.startswith(f"Postgres at 127.0.0.1:{port} does not answer: Connection refused")


async def test_a_host_that_does_not_exist_is_named() -> None:
    assert "no-such-host.invalid:5432 does not answer" in await why_not(
        f"postgresql://me:{SECRET}@no-such-host.invalid"
    )


async def test_a_server_that_accepts_and_stays_silent_is_given_up_in_time() -> None:
    async with serving(None) as port:
        before = time.monotonic()
        assert "does not answer in time" in await why_not(
            f"postgresql://me:{SECRET}@127.0.0.1:{port}/db", timeout_s=0.5
        )
        assert time.monotonic() - before < 3


async def test_a_server_without_tls_is_told_apart() -> None:
    async with serving(b"N") as port:
        message = await why_not(f"postgresql://me:{SECRET}@127.0.0.1:{port}/db?sslmode=require")
    assert "take sslmode=require out of the DSN, or switch ssl on in the server" in message


async def test_an_unknown_database_is_named_with_the_mend(dsn: str) -> None:
    assert 'database "nowhere" does not exist: create it' in await why_not(make_conninfo(dsn, dbname="nowhere"))


async def test_an_unknown_role_is_named_with_the_mend(dsn: str) -> None:
    assert 'role "nobody" does not exist: create the role' in await why_not(make_conninfo(dsn, user="nobody"))


@pytest.fixture
async def walled(server_folder: Path) -> AsyncIterator[str]:
    """A server of its own that asks its role `walled` for a password."""
    async with embedded_postgres(server_folder) as dsn:
        rules = server_folder / "data" / "pg_hba.conf"
        rules.write_text("local all walled scram-sha-256\n" + rules.read_text())
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as admin:
            await admin.execute("CREATE ROLE walled LOGIN PASSWORD 'right horse'")
            await admin.execute("SELECT pg_reload_conf()")
        yield make_conninfo(dsn, user="walled", password="right horse")


async def test_a_wrong_password_is_told_apart_and_never_shown(
    walled: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    assert "check user and password" in await why_not(make_conninfo(walled, password=SECRET))
    assert "put the password into the DSN" in await why_not(make_conninfo(walled, password=""))
    admin_dsn = make_conninfo(walled, user="postgres")
    async with open_pool(walled, timeout_s=1) as pool, await psycopg.AsyncConnection.connect(admin_dsn) as admin:
        await admin.execute("ALTER ROLE walled PASSWORD 'another'")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'walled'")
        await admin.commit()
        with pytest.raises(DatabaseError, match="does not answer in time"):
            async with borrowed(pool, "looking"):
                pass
    assert "password authentication failed" in caplog.text  # the pool's own attempts are logged, without the password
    assert "right horse" not in caplog.text + "".join(capfd.readouterr())


def test_a_pool_that_cannot_reconnect_prints_nothing(server_folder: Path) -> None:
    script = """
import asyncio, sys
from pathlib import Path
from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from langgraph_quorum.orchestration.persistence.pool import borrowed, open_pool
from langgraph_quorum.state.errors import DatabaseError

async def main():
    async with embedded_postgres(Path(sys.argv[1])) as dsn:
        async with open_pool(dsn, timeout_s=2) as pool:
            (Path(sys.argv[1]) / "data" / ".s.PGSQL.5432").unlink()
            try:
                async with borrowed(pool, "breaking") as connection:
                    await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            except DatabaseError as error:
                print(error)
            try:
                async with borrowed(pool, "looking") as connection:
                    await connection.execute("SELECT 1")
            except DatabaseError as error:
                print(error)

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(server_folder)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    broken, timed_out = done.stdout.splitlines()
    assert broken.startswith("breaking: the server ended the connection (terminating connection due to admin")
    assert timed_out == "looking: Postgres does not answer in time: check that it runs and is not overloaded"


async def test_the_pool_works_again_after_a_restart_of_the_server(server_folder: Path) -> None:
    async with embedded_postgres(server_folder) as dsn:
        pool_context = open_pool(dsn, timeout_s=10)
        pool = await pool_context.__aenter__()
    async with embedded_postgres(server_folder):
        async with borrowed(pool, "looking") as connection:
            assert await (await connection.execute("SELECT 1 AS one")).fetchone() == {"one": 1}
        await pool_context.__aexit__(None, None, None)


async def test_a_statement_that_takes_too_long_is_broken_off(database: str) -> None:
    async with open_pool(database) as pool:
        with pytest.raises(DatabaseError, match="waiting: Postgres does not answer in time"):
            async with borrowed(pool, "waiting", timeout_s=0.2) as connection:
                await connection.execute("SELECT pg_sleep(30)")


async def test_a_size_that_makes_no_sense_is_refused(database: str) -> None:
    with pytest.raises(ConfigurationError, match="max_size=1: give at least 1 and at least min_size"):
        async with open_pool(database, min_size=2, max_size=1):
            pass


def test_every_fault_a_person_can_mend_says_how() -> None:
    assert "make room" in str(query_fault(errors.DiskFull("full"), "storing"))
    assert "standby" in str(query_fault(errors.ReadOnlySqlTransaction("no"), "storing"))
    assert "let the owner" in str(query_fault(errors.InsufficientPrivilege("no"), "storing"))
    assert "migrate the database" in str(query_fault(errors.UndefinedTable("no"), "storing"))
