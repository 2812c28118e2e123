"""Two roles: the owner migrates; the one that runs has the rights that a run needs, and no others."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.artifacts.collecting import collect
from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.health import diagnose
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed, open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.roles import (
    RUNTIME_RIGHTS,
    grant,
    grant_statements,
    grants,
    needed_tables,
)
from langgraph_quorum.orchestration.persistence.statements import migration_scripts
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError, ThreadNotFoundError
from tests.orchestration.crews import Crew
from tests.roles import login_role

SCHEMAS = (None, "team_a")


@pytest.fixture
def runner(database: str) -> Iterator[str]:
    """The database seen by a role that may connect and nothing else."""
    with login_role(database) as role:
        yield make_conninfo(database, user=role)


def role_of(dsn: str) -> str:
    return str(conninfo_to_dict(dsn)["user"])


async def granted(database: str, runner: str, settings: PoolSettings) -> None:
    async with open_database(database, pool=settings) as pool:
        await grant(pool, role_of(runner))


async def own_tables(pool: Pool) -> set[str]:
    async with borrowed(pool, "listing") as connection:
        rows = await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (pool.schema,))
        return {row["tablename"] for row in await rows.fetchall()}


async def test_every_table_of_our_schema_is_on_the_list(database: str) -> None:
    async with open_database(database) as pool:
        missing = await own_tables(pool) - {table.name for table in RUNTIME_RIGHTS if table.ours}
    assert missing == set(), "give it a line in RUNTIME_RIGHTS"


async def test_every_listed_table_is_made_by_a_migration(database: str) -> None:
    scripts = "".join(migration.script for migration in migration_scripts())
    made = set(re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?\{schema\}\.(\w+)", scripts))
    async with open_database(database) as pool:
        found = {table.name for table in await needed_tables(pool)}
    assert found == made | {table.name for table in RUNTIME_RIGHTS if not table.ours}


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_the_runtime_role_starts_resumes_prunes_and_deletes(
    database: str, runner: str, schema: str | None
) -> None:
    settings, crew = PoolSettings(schema=schema), Crew()
    await granted(database, runner, settings)
    async with open_database(runner, pool=settings) as pool, Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start({"task": "look"}, thread_id="t")
        async with asyncio.timeout(20):
            await crew.slow_started.wait()
        await quorum.drain()
        assert (await run.result())["status"] == "interrupted"
        crew.go.set()
        assert (await (await quorum.resume("t")).result())["status"] == "approved"
        for thread_id in ("u", "v"):
            await (await quorum.start({"task": "look"}, thread_id=thread_id)).result()
        assert len((await quorum.prune(older_than_s=0, keep_latest=True)).thinned) == 3
        await quorum.delete("t")
        assert len((await quorum.prune(keep=0)).deleted) == 2
        with pytest.raises(ThreadNotFoundError):
            await quorum.get("t")
    diagnosis = await diagnose(runner, pool=settings)
    assert diagnosis.healthy, diagnosis.problems


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_the_runtime_role_keeps_and_collects_artifacts(database: str, runner: str, schema: str | None) -> None:
    settings = PoolSettings(schema=schema)
    await granted(database, runner, settings)
    async with open_database(runner, pool=settings) as pool:
        store = PostgresArtifacts(pool, thread_id="t")
        ref = await store.put(b"a long text", media_type="text/plain")
        assert await store.get(ref) == b"a long text"
        assert (await collect(pool, older_than_s=0)).artifacts == 0
        async with borrowed(pool, "forgetting") as connection:
            await connection.execute(pool.statements("pruning")["references"], {"thread_ids": ["t"]})
        assert (await collect(pool, older_than_s=0)).artifacts == 1


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_the_runtime_role_may_change_no_table(database: str, runner: str, schema: str | None) -> None:
    settings = PoolSettings(schema=schema)
    await granted(database, runner, settings)
    refused = 0
    async with open_database(runner, pool=settings) as pool:
        commands = [f"CREATE TABLE {pool.schema}.more (n int)", f"CREATE SCHEMA more{uuid.uuid4().hex[:6]}"]
        for table in await needed_tables(pool):
            commands += [f"DROP TABLE {table.path}", f"TRUNCATE {table.path}", f"CREATE INDEX ON {table.path} ((1))"]
            commands += [f"ALTER TABLE {table.path} ADD COLUMN more int"]
        commands += [f"DELETE FROM {pool.schema}.migrations", "DELETE FROM checkpoint_migrations"]
        commands += ["UPDATE checkpoint_blobs SET type = ''"]
        for command in commands:
            async with pool.connection() as connection:
                with pytest.raises(errors.InsufficientPrivilege):
                    await connection.execute(command.encode())
                refused += 1
    assert refused > 4 * 5, "four commands on each of more than five tables"


async def test_what_a_run_does_not_need_is_not_granted(database: str, runner: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("CREATE TABLE public.payroll (n int)")
    await granted(database, runner, PoolSettings())
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("CREATE TABLE quorum.later (n int)")
    with psycopg.connect(runner, autocommit=True) as connection:
        for table in ("public.payroll", "quorum.later"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {table}".encode())


async def test_future_tables_are_granted_when_asked_for(database: str, runner: str) -> None:
    async with open_database(database) as pool:
        await grant(pool, role_of(runner), future=True)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("CREATE TABLE quorum.later (n int)")
    with psycopg.connect(runner, autocommit=True) as connection:
        connection.execute("INSERT INTO quorum.later VALUES (1)")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("TRUNCATE quorum.later")


async def test_a_role_that_does_not_exist_is_named(database: str) -> None:
    async with open_database(database) as pool:
        with pytest.raises(DatabaseError, match=r"granting to 'nobody at all': .* does not exist"):
            await grant(pool, "nobody at all")


async def test_an_unmigrated_database_has_nothing_to_grant(database: str, runner: str) -> None:
    async with open_pool(database) as pool:
        with pytest.raises(DatabaseError, match="migrate the database first"):
            await grant(pool, role_of(runner))


def test_names_are_quoted_so_that_they_stay_names() -> None:
    script = grants('a"; DROP TABLE quorum.runs; --')
    assert 'TO "a""; DROP TABLE quorum.runs; --";' in script.splitlines()[0]
    assert 'GRANT SELECT, INSERT, UPDATE, DELETE ON "quorum".runs TO "r";' in grants("r").splitlines()
    assert 'GRANT SELECT, INSERT, DELETE ON "team_a".checkpoint_blobs TO "r"' in grant_statements("r", schema="team_a")
    for role in ("", "a\x00b", "public"):  # the last is everybody, even in quotes
        with pytest.raises(ConfigurationError, match="role="):
            grants(role)
    with pytest.raises(ConfigurationError, match="schema="):
        grants("r", schema="Team A")
    assert all(" TRUNCATE" not in statement for statement in grant_statements("r", future=True))
