"""`quorum db`: migrating, looking and granting from the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import psycopg
import pytest
import typer
from psycopg.conninfo import make_conninfo

from langgraph_quorum.orchestration.cli.database_commands import db_app
from langgraph_quorum.orchestration.persistence.statements import migration_scripts
from langgraph_quorum.state.errors import QuorumError
from tests.cli.conftest import NOWHERE
from tests.roles import login_role

Db: TypeAlias = Callable[..., str]


@pytest.fixture
def db(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Db:
    """Runs a command in this process and gives what it printed."""
    for name in [name for name in os.environ if name.startswith("QUORUM_")]:
        monkeypatch.delenv(name)

    def call(*arguments: str) -> str:
        command = typer.main.get_command(db_app)
        assert command(list(arguments), standalone_mode=False) == 0
        return capsys.readouterr().out

    return call


@pytest.fixture
def role(database: str) -> Iterator[str]:
    with login_role(database) as name:
        yield name


def tables(database: str) -> set[str]:
    query = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname !~ '^pg_|^information'"
    with psycopg.connect(database) as connection:
        return {row[0] for row in connection.execute(query)}


def test_a_dry_run_prints_sql_and_changes_nothing(db: Db, database: str) -> None:
    said = db("migrate", "--dry-run", "--dsn", database)
    assert "-- langgraph: checkpoints_00\nCREATE TABLE IF NOT EXISTS checkpoint_migrations" in said
    assert "-- quorum: 0001_quorum" in said
    assert "CREATE TABLE quorum.leases" in said
    assert tables(database) == set()


def test_the_tables_are_made_once(db: Db, database: str) -> None:
    first, second = db("migrate", "--dsn", database), db("migrate", "--dsn", database)
    assert "steps carried out" in first
    assert second.startswith(f"nothing to do: ours {len(migration_scripts())} of {len(migration_scripts())}")
    assert {"public.checkpoints", "quorum.runs"} <= tables(database)


def test_another_schema_holds_all_tables(db: Db, database: str) -> None:
    found: Any = json.loads(db("migrate", "--dsn", database, "--schema", "team_a", "--json"))
    assert found["up_to_date"]
    assert found["steps"][0] == {"owner": "quorum", "name": "schema", "sql": "CREATE SCHEMA team_a;"}
    assert {name.split(".")[0] for name in tables(database)} == {"team_a"}


def test_the_status_counts_what_there_is(db: Db, database: str) -> None:
    assert "not current: run `quorum db migrate`" in db("status", "--dsn", database)
    db("migrate", "--dsn", database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO quorum.runs (thread_id, workflow, status, task) VALUES ('a', 'w', 'approved', ''),"
            " ('b', 'w', 'running', ''), ('c', 'w', 'running', '')"
        )
        connection.execute("INSERT INTO quorum.leases VALUES ('b', 'somebody', 1, now() + interval '1 hour')")
    said = " ".join(db("status", "--dsn", database).split())
    found: Any = json.loads(db("status", "--dsn", database, "--json"))
    assert "pool direct, at most 10 connections" in said
    assert "runs 1 approved, 1 interrupted, 1 running live leases 1" in said
    assert found["runs"] == {"approved": 1, "interrupted": 1, "running": 1}
    assert (found["live_leases"], found["preset"], found["up_to_date"]) == (1, "direct", True)
    assert {table["name"] for table in found["tables"]} >= {"public.checkpoints", "quorum.leases", "quorum.runs"}
    assert all(table["size_bytes"] > 0 for table in found["tables"])


def test_grants_are_printed_and_only_with_apply_carried_out(db: Db, database: str, role: str) -> None:
    db("migrate", "--dsn", database)
    as_role = make_conninfo(database, user=role)

    said = db("grant", role, "--dsn", database)
    assert f'GRANT USAGE ON SCHEMA "quorum" TO "{role}";' in said.splitlines()
    with psycopg.connect(as_role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM quorum.runs")

    assert db("grant", role, "--apply", "--dsn", database) == said
    with psycopg.connect(as_role) as connection:
        connection.execute("SELECT * FROM quorum.runs")


def test_what_cannot_be_done_says_the_mend_and_no_password(db: Db, database: str) -> None:
    for arguments, mend in {
        ("grant", "nobody", "--dsn", database): "run `quorum db migrate` first",
        ("grant", "public", "--dsn", database): "ROLE public: that is every role there is: give the one that runs",
        ("status", "--dsn", NOWHERE): "check that it runs",
        ("status", "--dsn", database, "--schema", "Team A"): "--schema Team A: give a plain name",
        ("migrate", "--dsn", "postgresql://me:hidden-secret@host:port"): "--dsn cannot be understood",
    }.items():
        with pytest.raises(QuorumError) as refused:
            db(*arguments)
        assert mend in str(refused.value)
        assert "hidden-secret" not in str(refused.value)
    db("migrate", "--dsn", database)
    with pytest.raises(QuorumError, match=r'granting to .*role "nobody at all" does not exist'):
        db("grant", "nobody at all", "--apply", "--dsn", database)
