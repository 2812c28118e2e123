"""`quorum db`: keys, rotating them, and keeping tenants apart; and where the doctor looks for the tables."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import psycopg
import pytest
import typer
from psycopg.conninfo import make_conninfo
from rich.console import Console

from langgraph_quorum import Orchestrator, Specialist, build_workflow
from langgraph_quorum.orchestration.cli.database_commands import db_app
from langgraph_quorum.orchestration.cli.rendering.diagnosis import render_diagnosis
from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.health import Diagnosis, diagnose
from langgraph_quorum.orchestration.persistence.keys import Keys
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.state.errors import ConfigurationError, QuorumError
from tests.roles import login_role

Db: TypeAlias = Callable[..., tuple[int, str]]

OLD, NEW = "old:" + "b29v" * 10 + "b28=", "new:" + "bm5u" * 10 + "bm4="


@pytest.fixture
def db(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Db:
    """Runs a command in this process, and gives its exit code and what it printed."""
    for name in [name for name in os.environ if name.startswith("QUORUM_")]:
        monkeypatch.delenv(name)

    def call(*arguments: str, keys: str | None = None, tenant: str | None = None) -> tuple[int, str]:
        for name, value in {"QUORUM_ENCRYPTION_KEYS": keys, "QUORUM_TENANT": tenant}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        code = typer.main.get_command(db_app)(list(arguments), standalone_mode=False)
        return code, capsys.readouterr().out

    return call


@pytest.fixture
def role(database: str) -> Iterator[str]:
    with login_role(database) as name:
        yield name


async def run_once(database: str, keys: str | None) -> str:
    """Drive a run to its end, or read it when it has ended."""
    workflow = build_workflow([Specialist("speed", lambda branch: {"found": branch.task})])
    encryption = None if keys is None else Encryption(Keys.parse(keys))
    async with Orchestrator.open(workflow, database, encryption=encryption) as quorum:
        run = await quorum.start({"task": "look"}, "a")
        return str((await run.result())["status"])


def test_a_new_key_is_one_that_the_variable_takes(db: Db) -> None:
    code, said = db("new-key", "2027")
    assert (code, Keys.parse(said.strip()).names) == (0, ["2027"])
    assert db("new-key", "2027")[1] != said
    with pytest.raises(QuorumError, match="NAME: give 1 to 64 letters"):
        db("new-key", "no name")


def test_without_keys_nothing_is_sealed_anew(db: Db, database: str) -> None:
    with pytest.raises(QuorumError, match="QUORUM_ENCRYPTION_KEYS is not set"):
        db("reseal", "--dsn", database)
    with pytest.raises(ConfigurationError, match="entry 1 holds no base64") as refused:
        db("reseal", "--dsn", database, keys="new:hidden")
    assert "hidden" not in str(refused.value)
    assert "quorum db new-key NAME" in str(refused.value)


def test_after_a_complete_rotation_the_old_key_is_not_needed(db: Db, database: str) -> None:
    assert asyncio.run(run_once(database, OLD)) == "approved"

    code, said = db("reseal", "--dsn", database, keys=f"{NEW},{OLD}")

    assert code == 0
    assert said.startswith("sealed with new: ")
    assert said.splitlines()[-1] == "complete: of the keys only new is needed any more"
    assert asyncio.run(run_once(database, NEW)) == "approved"


def test_a_rotation_that_lacks_a_key_says_so_and_exits_with_4(db: Db, database: str) -> None:
    asyncio.run(run_once(database, OLD))

    code, said = db("reseal", "--dsn", database, keys=NEW)
    found: Any = json.loads(db("reseal", "--dsn", database, "--json", keys=NEW)[1])

    assert code == 4
    assert "encrypted with the key 'old', which was not given" in said
    assert said.splitlines()[-1] == "not complete: keep all keys"
    assert (found["complete"], found["key"], found["tenant"]) == (False, "new", None)
    assert found["refused"]["checkpoints"] > 0
    assert asyncio.run(run_once(database, OLD)) == "approved"


def test_what_is_plain_is_sealed_only_when_allowed_and_while_nothing_runs(db: Db, database: str) -> None:
    asyncio.run(run_once(database, None))

    async def while_a_run_goes_on() -> tuple[int, str]:
        async with open_pool(database) as pool, hold_lease(pool, "b"):
            return await asyncio.to_thread(db, "reseal", "--plain-allowed", "--dsn", database, keys=NEW)

    assert db("reseal", "--dsn", database, keys=NEW)[0] == 4
    with pytest.raises(QuorumError, match="1 run going on: stop every process"):
        asyncio.run(while_a_run_goes_on())
    assert db("reseal", "--plain-allowed", "--dsn", database, keys=NEW)[0] == 0
    assert asyncio.run(run_once(database, NEW)) == "approved"


def test_tenants_are_separated_and_a_role_is_bound(db: Db, database: str, role: str) -> None:
    as_role = make_conninfo(database, user=role)
    asyncio.run(run_once(database, None))
    db("grant", role, "--apply", "--dsn", database)

    assert db("tenants", "status", "--dsn", as_role)[0] == 4
    with pytest.raises(QuorumError, match="holds rows already: name the tenant"):
        db("tenants", "separate", "--dsn", database)
    assert db("tenants", "separate", "--existing", "acme", "--dsn", database)[0] == 0
    code, said = db("tenants", "status", "--dsn", as_role, tenant="acme")
    assert (code, said.splitlines()) == (0, [f"role    {role}", "tenant  acme", "tenants are kept apart"])

    assert db("tenants", "bind", role, "globex", "--dsn", database) == (0, f"{role} sees tenant globex only\n")
    found: Any = json.loads(db("tenants", "status", "--json", "--dsn", as_role)[1])
    assert found == {"role": role, "tenant": "globex", "gaps": [], "bound": ["globex"], "separated": True}
    assert "bound   globex" in db("tenants", "status", "--dsn", as_role, tenant="acme")[1]
    with psycopg.connect(as_role) as connection:
        connection.execute("SET quorum.tenant = 'acme'")
        assert connection.execute("SELECT count(*) FROM quorum.runs").fetchone() == (0,)


def test_a_way_past_the_policies_is_told_with_its_mend(db: Db, database: str) -> None:
    db("migrate", "--dsn", database)
    db("tenants", "separate", "--dsn", database)

    code, said = db("tenants", "status", "--dsn", database, tenant="acme")

    assert code == 4
    assert "above the policies" in said
    assert "connect as a role that is neither superuser nor BYPASSRLS" in said


def test_what_comes_too_early_says_what_comes_first(db: Db, database: str, role: str) -> None:
    with pytest.raises(QuorumError, match="run `quorum db migrate` first"):
        db("tenants", "separate", "--dsn", database)
    db("migrate", "--dsn", database)
    with pytest.raises(QuorumError, match="run `quorum db tenants separate` first"):
        db("tenants", "bind", role, "acme", "--dsn", database)
    db("tenants", "separate", "--dsn", database)
    with pytest.raises(QuorumError, match="TENANT: give the tenant's name"):
        db("tenants", "bind", role, "", "--dsn", database)
    with pytest.raises(QuorumError, match="ROLE: there is no role 'nobody': create it"):
        db("tenants", "bind", "nobody", "acme", "--dsn", database)


def test_the_owner_rotates_tenant_by_tenant(db: Db, database: str, role: str) -> None:
    asyncio.run(run_once(database, OLD))
    db("tenants", "separate", "--existing", "acme", "--dsn", database)
    with psycopg.connect(database, autocommit=True) as owner:
        for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes", "quorum.runs", "quorum.artifacts"):
            owner.execute(f'GRANT SELECT, UPDATE ON {table} TO "{role}"'.encode())
        owner.execute(f'GRANT USAGE ON SCHEMA quorum TO "{role}"'.encode())
    as_role = make_conninfo(database, user=role)

    with pytest.raises(QuorumError, match="set QUORUM_TENANT"):
        db("reseal", "--dsn", as_role, keys=f"{NEW},{OLD}")
    code, said = db("reseal", "--dsn", as_role, keys=f"{NEW},{OLD}", tenant="acme")

    assert code == 0
    assert "sealed with new: nothing" not in said
    assert said.splitlines()[-1] == "complete for tenant acme: keep all keys until every tenant is done"


def test_the_doctor_says_how_the_pool_is_set_up_and_where_the_tables_are(database: str) -> None:
    def shown(diagnosis: Diagnosis) -> str:
        console = Console(width=120, color_system=None)
        with console.capture() as captured:
            render_diagnosis(console, diagnosis, {})
        return " ".join(captured.get().split())

    usual = shown(asyncio.run(diagnose(database, environ={})))
    chosen = shown(asyncio.run(diagnose(database, pool=PoolSettings(schema="team_a"))))
    assert "pool set up for a direct connection (QUORUM_POOL_MODE=direct)" in usual
    assert "schema ours are in quorum, LangGraph's along the search path" in usual
    assert "schema team_a" in chosen
    assert "schema" not in shown(asyncio.run(diagnose("foo")))
