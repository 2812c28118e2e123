"""The doctor reports what is wrong in words a person can act on, and never raises."""

import asyncio
import shutil
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from langgraph_quorum.orchestration.persistence.health import Diagnosis, diagnose, migrations_done
from langgraph_quorum.orchestration.persistence.migrations import MigrationStatus, migrate
from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.statements import migration_scripts


async def migrated(database: str) -> str:
    async with open_pool(database) as pool:
        await migrate(pool)
    return database


def as_owner(database: str, *commands: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        for command in commands:
            owner.execute(command.encode())


def only_problem(diagnosis: Diagnosis) -> tuple[str, str]:
    assert len(diagnosis.problems) == 1, diagnosis.problems
    assert not diagnosis.healthy
    return diagnosis.problems[0].what, diagnosis.problems[0].mend


async def test_a_healthy_database_has_no_problems_and_keeps_nothing_of_the_probe(database: str) -> None:
    diagnosis = await diagnose(await migrated(database))
    assert diagnosis.healthy, diagnosis.problems
    assert (diagnosis.source, diagnosis.writable, diagnosis.behind_pooler) == ("argument", True, False)
    assert diagnosis.server_version
    assert diagnosis.migrations is not None
    assert diagnosis.migrations.up_to_date
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM quorum.leases").fetchone() == (0,)


async def test_the_embedded_server_is_started_and_its_folder_and_disk_are_named(server_folder: Path) -> None:
    server_folder.rename(server_folder.with_name("postgres"))
    diagnosis = await diagnose(environ={"QUORUM_DATA": str(server_folder.parent)})
    assert (diagnosis.source, diagnosis.folder) == ("embedded", server_folder.parent / "postgres")
    assert diagnosis.free_bytes
    assert diagnosis.server_version
    assert diagnosis.migrations is not None
    assert diagnosis.migrations.untouched
    assert diagnosis.healthy, "a database that nothing has used yet is not a sick one"


async def test_missing_tables_that_the_role_may_not_create_are_a_problem(database: str) -> None:
    role, password = f"reader_{uuid.uuid4().hex[:8]}", "pass-word"
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'".encode())
        admin.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    diagnosis = await diagnose(make_conninfo(database, user=role, password=password))
    what, mend = only_problem(diagnosis)
    assert what.startswith(f"the tables are not up to date: ours 0 of {len(migration_scripts())}, LangGraph's 0 of 1")
    assert "quorum db migrate" in mend


async def test_a_server_that_does_not_answer_is_reported_without_the_password() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    diagnosis = await diagnose(environ={"QUORUM_DSN": f"postgresql://me:hunter2@127.0.0.1:{port}/db"})
    what, mend = only_problem(diagnosis)
    assert f"127.0.0.1:{port} does not answer" in what
    assert "check that it runs" in mend
    assert diagnosis.source == "QUORUM_DSN"
    assert "password=***" in diagnosis.dsn
    assert "hunter2" not in repr(diagnosis)


async def test_a_dsn_that_is_none_is_reported_without_its_text() -> None:
    diagnosis = await diagnose("mysql://me:hunter2@host/db")
    what, mend = only_problem(diagnosis)
    assert (what, mend.startswith("give postgresql://")) == ("dsn is not a DSN", True)
    assert not diagnosis.dsn_understood
    assert "hunter2" not in repr(diagnosis)


async def test_missing_rights_are_listed_table_by_table(database: str) -> None:
    await migrated(database)
    name = conninfo_to_dict(database)["dbname"]
    as_owner(
        database,
        f"CREATE ROLE reader_{name} LOGIN",
        f"GRANT USAGE ON SCHEMA quorum TO reader_{name}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public, quorum TO reader_{name}",
    )
    diagnosis = await diagnose(make_conninfo(database, user=f"reader_{name}"))
    tables = {problem.what.rpartition(" ")[2] for problem in diagnosis.problems}
    assert {"checkpoints", "checkpoint_blobs", "checkpoint_writes", "quorum.leases", "quorum.runs"} <= tables
    assert "checkpoint_migrations" not in tables, "reading them is enough"
    assert diagnosis.problems[-1].mend.startswith("let the owner GRANT DELETE, INSERT, UPDATE ON quorum.runs")
    as_owner(database, f"DROP OWNED BY reader_{name}", f"DROP ROLE reader_{name}")


async def test_a_read_only_server_is_told_apart(database: str) -> None:
    await migrated(database)
    as_owner(database, f"ALTER DATABASE {conninfo_to_dict(database)['dbname']} SET default_transaction_read_only = on")
    diagnosis = await diagnose(database)
    assert only_problem(diagnosis)[0] == "the server is set to read-only"
    assert diagnosis.writable is False


def test_what_is_ahead_of_this_release_is_not_told_as_a_part_of_it() -> None:
    assert migrations_done(MigrationStatus(3, 4, -1, 9)) == "ours 3 of 4, LangGraph's 0 of 10"
    assert migrations_done(MigrationStatus(9, 4, 9, 9)) == "ours 9 where this release knows 4, LangGraph's 10 of 10"


async def test_a_database_ahead_of_this_release_asks_for_an_upgrade(database: str) -> None:
    await migrated(database)
    as_owner(database, "INSERT INTO quorum.migrations VALUES (99, '0099_later')")
    assert only_problem(await diagnose(database))[1] == "upgrade langgraph-quorum"


async def test_a_disk_that_gets_full_is_reported_in_good_time(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_folder.rename(server_folder.with_name("postgres"))
    usage = shutil.disk_usage(server_folder.parent)._replace(free=500_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    diagnosis = await diagnose(environ={"QUORUM_DATA": str(server_folder.parent)})
    assert diagnosis.problems[0].what.startswith("only 500 MB are free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5_000_000))
    diagnosis = await diagnose(environ={"QUORUM_DATA": str(server_folder.parent)})
    assert "only 5 MB are free" in only_problem(diagnosis)[0]
    assert "make room" in only_problem(diagnosis)[1]


@asynccontextmanager
async def pooler(database: str) -> AsyncIterator[str]:
    """Passes everything on, but announces another process id than the server's, as connection poolers do."""
    path = Path(str(conninfo_to_dict(database)["host"])) / ".s.PGSQL.5432"

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        while data := await reader.read(65536):
            head, key_data, rest = data.partition(b"K\x00\x00\x00\x0c") if answers else (data, b"", b"")
            writer.write(head + key_data + (b"\x00\x00\x00\x07" + rest[4:] if key_data else b""))
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(path)
        with suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(copy(reader, server_writer, answers=False), copy(server_reader, writer, answers=True))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield make_conninfo(database, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable")
    server.close()


async def test_a_connection_pooler_in_between_is_noticed(database: str) -> None:
    await migrated(database)
    async with pooler(database) as dsn:
        direct = await diagnose(dsn)
        expecting = await diagnose(dsn, pool=PoolSettings(preset="transaction"))
    assert direct.behind_pooler
    what, mend = only_problem(direct)
    assert "a connection pooler stands in between" in what
    assert "set QUORUM_POOL_MODE=transaction" in mend
    assert expecting.behind_pooler
    assert expecting.healthy


async def test_a_setting_of_the_environment_that_makes_no_sense_is_a_problem_too(database: str) -> None:
    what, mend = only_problem(await diagnose(database, environ={"QUORUM_POOL_MODE": "session"}))
    assert (what, mend) == ("QUORUM_POOL_MODE='session'", "give direct, or transaction behind a transaction pooler")


async def test_the_tables_of_another_schema_are_examined_there(database: str) -> None:
    settings = PoolSettings(schema="team_a")
    async with open_pool(database, settings) as pool:
        await migrate(pool)
    diagnosis = await diagnose(database, environ={"QUORUM_SCHEMA": "team_a"})
    assert diagnosis.healthy, diagnosis.problems
    assert (diagnosis.schema, diagnosis.writable) == ("team_a", True)
    other = await diagnose(database, environ={"QUORUM_SCHEMA": "team_b"})
    assert other.healthy, "the first run makes the schema"
    assert other.migrations is not None
    assert other.migrations.untouched
