"""Migrating once, from many processes, as roles with few rights, and behind a read-only server."""

import asyncio
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.conninfo import make_conninfo

from langgraph_quorum.orchestration.persistence import migrations
from langgraph_quorum.orchestration.persistence.health import diagnose
from langgraph_quorum.orchestration.persistence.migration_plan import plan_migration
from langgraph_quorum.orchestration.persistence.migrations import MigrationStatus, migrate, migration_status
from langgraph_quorum.orchestration.persistence.pool import borrowed, open_pool, patient_connection
from langgraph_quorum.orchestration.persistence.statements import migration_scripts
from langgraph_quorum.state.errors import DatabaseError


async def migrate_alone(dsn: str) -> MigrationStatus:
    async with open_pool(dsn, max_size=1) as pool:
        return await migrate(pool)


def as_owner(database: str, *commands: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        for command in commands:
            owner.execute(command.encode())


@pytest.fixture
def limited(database: str) -> Iterator[str]:
    """The database seen by a role that may connect and nothing else; `ROLE` below stands for its name."""
    role = f"role_{uuid.uuid4().hex}"
    as_owner(database, f"CREATE ROLE {role} LOGIN")
    yield make_conninfo(database, user=role)
    as_owner(database, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def role_of(dsn: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(dsn)["user"])


def test_the_numbers_of_the_migrations_have_no_gaps() -> None:
    assert [migration.version for migration in migration_scripts()] == list(range(1, len(migration_scripts()) + 1))


async def test_an_empty_database_is_brought_up_to_date_and_stays_as_it_is_the_second_time(database: str) -> None:
    async with open_pool(database) as pool:
        before = await migration_status(pool)
        assert (before.current, before.saver_version, before.up_to_date) == (0, -1, False)
        after = await migrate(pool)
        assert after.up_to_date
        assert await migrate(pool) == after
        async with borrowed(pool, "counting") as connection:
            rows = await (await connection.execute("SELECT count(*) AS n FROM quorum.migrations")).fetchone()
    assert rows == {"n": len(migration_scripts())}


async def test_eight_that_migrate_at_once_all_succeed(database: str) -> None:
    results = await asyncio.wait_for(asyncio.gather(*(migrate_alone(database) for _ in range(8))), 30)
    assert all(status.up_to_date for status in results)
    with psycopg.connect(database) as connection:
        versions = connection.execute("SELECT array_agg(v ORDER BY v) FROM checkpoint_migrations").fetchone()
    assert versions is not None
    assert versions[0] == list(range(len(versions[0])))  # every one of LangGraph's once


async def test_a_migration_that_another_process_never_ends_is_not_waited_for_without_end(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "_LOCK_S", 0.3)
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('langgraph_quorum.migrations'))")
        with pytest.raises(DatabaseError, match="another process has been migrating"):
            await migrate_alone(database)
    assert (await migrate_alone(database)).up_to_date


async def test_tables_made_by_langgraph_itself_are_taken_over(database: str) -> None:
    async with open_pool(database) as pool:
        await AsyncPostgresSaver(pool).setup()
        status = await migrate(pool)
    assert status.up_to_date


async def test_a_migration_that_fails_half_way_leaves_nothing_of_itself(database: str) -> None:
    as_owner(database, "CREATE SCHEMA quorum", "CREATE TABLE quorum.runs (in_the_way int)")
    async with open_pool(database) as pool:
        with pytest.raises(DatabaseError, match='relation "runs" already exists'):
            await migrate(pool)
        assert (await migration_status(pool)).current == 0
    as_owner(database, "DROP TABLE quorum.runs")
    assert (await migrate_alone(database)).up_to_date


async def test_a_role_that_may_not_create_is_told_what_to_grant(limited: str) -> None:
    with pytest.raises(DatabaseError, match=r"may not create the tables.*GRANT CREATE ON DATABASE") as refused:
        await migrate_alone(limited)
    assert role_of(limited) in str(refused.value)


async def test_a_role_with_few_rights_works_on_a_database_that_is_already_migrated(database: str, limited: str) -> None:
    done = await migrate_alone(database)
    role = role_of(limited)
    as_owner(database, f"GRANT USAGE ON SCHEMA quorum TO {role}")
    for schema in ("public", "quorum"):
        as_owner(database, f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}")
    assert await migrate_alone(limited) == done


async def test_a_schema_made_by_the_owner_is_enough_for_a_role_that_may_create_inside_it(
    database: str, limited: str
) -> None:
    role = role_of(limited)
    as_owner(database, f"CREATE SCHEMA quorum AUTHORIZATION {role}", f"GRANT CREATE ON SCHEMA public TO {role}")
    assert (await migrate_alone(limited)).up_to_date


async def test_a_role_that_may_not_look_is_told_so(database: str, limited: str) -> None:
    await migrate_alone(database)
    with pytest.raises(DatabaseError, match="reading the migrations: the role lacks a right"):
        await migrate_alone(limited)


async def test_a_read_only_server_is_told_apart(database: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    as_owner(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(DatabaseError, match="read-only, probably a standby"):
        await migrate_alone(database)


async def test_a_database_ahead_of_this_release_is_left_alone(database: str) -> None:
    await migrate_alone(database)
    as_owner(database, "INSERT INTO quorum.migrations VALUES (99, '0099_later')")
    status = await migrate_alone(database)
    assert (status.current, status.up_to_date) == (99, True)


async def old_tables(database: str) -> None:
    """LangGraph's tables as they were before it had indexes."""
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as owner:
        for version, statement in enumerate(AsyncPostgresSaver.MIGRATIONS[:6]):
            await owner.execute(statement.encode())
            await owner.execute("INSERT INTO checkpoint_migrations VALUES (%s)", (version,))


def broken(database: str) -> list[str]:
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
        return [row[0] for row in found.fetchall()]


async def break_off(database: str) -> None:
    """Begin to migrate, and end as by Ctrl-C while an index is built, which waits for another's transaction."""
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE checkpoints IN ROW EXCLUSIVE MODE")
        migrating = asyncio.create_task(migrate_alone(database))
        async with asyncio.timeout(20):
            while not broken(database):  # noqa: ASYNC110  another process tells nobody
                await asyncio.sleep(0.01)
        migrating.cancel()
        await asyncio.wait([migrating])


async def test_an_index_that_was_not_built_to_its_end_is_built_by_the_next_that_migrates(database: str) -> None:
    await old_tables(database)
    await break_off(database)
    assert broken(database) == ["checkpoints_thread_id_idx"]
    async with open_pool(database) as pool:
        script = (await plan_migration(pool)).script
    assert "DROP INDEX CONCURRENTLY IF EXISTS checkpoints_thread_id_idx;" in script
    assert script.index("DROP INDEX") < script.index("CREATE INDEX CONCURRENTLY")
    assert (await migrate_alone(database)).up_to_date
    assert broken(database) == []
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regclass('checkpoints_thread_id_idx') IS NOT NULL").fetchone() == (True,)


async def test_an_index_that_langgraph_itself_has_left_broken_is_kept_and_told_by_the_doctor(database: str) -> None:
    await old_tables(database)
    await break_off(database)
    async with open_pool(database) as pool:
        await AsyncPostgresSaver(pool).setup()  # passes it by
        await migrate(pool)
    (problem,) = (await diagnose(database, environ={})).problems
    assert problem.what == "the index checkpoints_thread_id_idx was not built to its end"
    as_owner(database, problem.mend.partition(": ")[2])
    assert broken(database) == []
    assert (await diagnose(database, environ={})).healthy


async def test_what_takes_its_time_is_not_broken_off_by_limits_of_the_role_or_the_database(database: str) -> None:
    limits = ("statement_timeout", "idle_in_transaction_session_timeout")
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    as_owner(database, *(f"ALTER DATABASE {name} SET {limit} = '1s'" for limit in limits))
    async with open_pool(database) as pool, patient_connection(pool) as connection:
        for limit in limits:
            assert await (await connection.execute(f"SHOW {limit}".encode())).fetchone() == {limit: "0"}
