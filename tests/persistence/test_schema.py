"""Several teams in one database: each in a schema of its own, unseen by the others."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.migration_plan import plan_migration
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.state.errors import DatabaseError, ThreadBusyError, ThreadNotFoundError
from tests.orchestration.crews import Crew
from tests.roles import login_role

A, B = PoolSettings(schema="team_a"), PoolSettings(schema="team_b")


def query(database: str, text: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(text.encode()).fetchall()


def tables(database: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    rows = query(database, "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^pg_|^information_schema'")
    for schema, table in rows:
        found.setdefault(str(schema), set()).add(str(table))
    return found


def columns(database: str, schema: str) -> Counter[tuple[object, ...]]:
    names = query(
        database,
        "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
        f" WHERE table_schema = '{schema}'",
    )
    rest = query(database, f"SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = '{schema}'")
    rest += query(
        database,
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE connamespace = '{schema}'::regnamespace",
    )
    return Counter(tuple(re.sub(rf"\b{schema}\.", "", str(part)) for part in row) for row in (*names, *rest))


async def test_the_default_keeps_langgraphs_tables_apart_from_ours(database: str) -> None:
    async with open_database(database):
        pass
    found = tables(database)
    assert found.keys() == {"public", "quorum"}
    assert found["public"] == {"checkpoints", "checkpoint_blobs", "checkpoint_writes", "checkpoint_migrations"}


async def test_a_schema_that_is_missing_is_made_and_holds_everything(database: str) -> None:
    async with open_database(database, pool=A) as pool:
        assert pool.schema == "team_a"
    found = tables(database)
    assert found.keys() == {"team_a"}
    assert {"checkpoints", "checkpoint_writes", "leases", "runs", "migrations"} <= found["team_a"]


async def test_two_schemas_do_not_see_each_other(database: str) -> None:
    crew = Crew()
    crew.go.set()
    async with open_database(database, pool=A) as a, open_database(database, pool=B) as b:
        async with Orchestrator.on(crew.workflow(), a) as ours, Orchestrator.on(crew.workflow(), b) as theirs:
            await (await ours.start({"task": "ours"}, thread_id="t")).result()
            with pytest.raises(ThreadNotFoundError):
                await theirs.get("t")
            out = await (await theirs.start({"task": "theirs"}, thread_id="t")).result()
        async with hold_lease(a, "u"), hold_lease(b, "u"):
            with pytest.raises(ThreadBusyError):
                async with hold_lease(b, "u"):
                    pass
    assert out["status"] == "approved"
    assert set(crew.calls.values()) == {2}
    assert query(database, "SELECT task FROM team_a.runs UNION SELECT task FROM team_b.runs ORDER BY 1") == [
        ("ours",),
        ("theirs",),
    ]


async def test_schemas_and_the_default_live_side_by_side(database: str) -> None:
    async with open_database(database), open_database(database, pool=A), open_database(database, pool=B):
        pass
    assert tables(database).keys() == {"public", "quorum", "team_a", "team_b"}
    assert columns(database, "team_a") == columns(database, "team_b")


@pytest.mark.parametrize("settings", [PoolSettings(), A])
async def test_a_plan_carried_out_by_hand_gives_the_same_tables(
    database: str, dsn: str, settings: PoolSettings
) -> None:
    async with open_pool(database, settings) as pool:
        plan = await plan_migration(pool)
        assert tables(database) == {}, "planning changes nothing"
        await migrate(pool)
        assert (await plan_migration(pool)).steps == ()
        assert (await plan_migration(pool)).script == ""
    name = f"byhand_{uuid.uuid4().hex[:8]}"
    by_hand = make_conninfo(dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        with psycopg.connect(by_hand, autocommit=True) as connection:
            for step in plan.steps:
                for statement in [step.sql] if step.owner == "quorum" else step.sql.split(";"):
                    if statement.strip():
                        connection.execute(statement.encode())
        async with open_pool(by_hand, settings) as pool:
            assert (await migrate(pool)).up_to_date
            assert (await plan_migration(pool)).steps == ()
        assert tables(by_hand) == tables(database)
        for schema in tables(database):
            assert columns(by_hand, schema) == columns(database, schema)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def guest(database: str) -> Iterator[str]:
    """The database seen by a role that may connect, and create nothing."""
    with login_role(database) as role:
        yield make_conninfo(database, user=role)


async def test_a_role_that_may_not_create_the_schema_is_told_what_to_ask_for(database: str, guest: str) -> None:
    with pytest.raises(DatabaseError) as refused:
        async with open_database(guest, pool=A):
            pass
    assert "may not create the schema 'team_a', which is missing" in str(refused.value)
    mend = f'CREATE SCHEMA team_a AUTHORIZATION "{conninfo_to_dict(guest)["user"]}"'
    assert str(refused.value).endswith(mend)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(mend.encode())
    async with open_database(guest, pool=A):
        pass
    assert tables(database).keys() == {"team_a"}


async def test_a_schema_of_somebody_else_says_what_to_grant(database: str, guest: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(b"CREATE SCHEMA team_a")
        owner.execute(f'GRANT USAGE ON SCHEMA team_a TO "{conninfo_to_dict(guest)["user"]}"'.encode())
    with pytest.raises(DatabaseError, match=r'GRANT CREATE ON SCHEMA "team_a" TO "role-'):
        async with open_database(guest, pool=A):
            pass
