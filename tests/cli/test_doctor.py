"""`quorum doctor`: which database, whether it can be used, and what to do about what is wrong."""

from __future__ import annotations

import asyncio
import json

import pytest

from langgraph_quorum.orchestration.cli.doctor import EXTRAS, missing_of
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.keys import generate_key
from langgraph_quorum.orchestration.persistence.statements import migration_scripts
from tests.cli.conftest import NOWHERE, Quorum

OURS = len(migration_scripts())


async def migrated(dsn: str) -> None:
    async with open_database(dsn):
        pass


def test_a_healthy_database_is_described(quorum: Quorum, database: str) -> None:
    asyncio.run(migrated(database))

    done = quorum("doctor", "--dsn", database)
    said = " ".join(done.stdout.split())
    found = quorum.json("doctor", "--dsn", database, "--json")

    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "healthy"
    assert "(from --dsn)" in said
    assert "server PostgreSQL 1" in said
    assert f"migrations current (ours {OURS} of {OURS}" in said
    assert (found["healthy"], found["writable"], found["source"]) == (True, True, "argument")
    assert found["extras"].keys() == set(EXTRAS)


def test_the_encryption_is_described_and_keys_that_do_not_fit_are_a_problem(quorum: Quorum, database: str) -> None:
    asyncio.run(migrated(database))
    keys = {"QUORUM_ENCRYPTION_KEYS": generate_key("spring")}

    given = " ".join(quorum("doctor", "--dsn", database, environ=keys).stdout.split())
    found = json.loads(quorum("doctor", "--dsn", database, "--json", environ=keys).stdout)
    garbled = quorum("doctor", "--dsn", database, environ={"QUORUM_ENCRYPTION_KEYS": "garbled"})

    assert "encryption with spring (stored: nothing)" in given
    assert (found["encryption"]["keys"], found["encryption"]["stored_with"]) == (["spring"], [])
    assert garbled.returncode == 4
    assert "QUORUM_ENCRYPTION_KEYS cannot be understood" in garbled.stdout


def test_each_problem_comes_with_its_mend_and_no_password(quorum: Quorum) -> None:
    done = quorum("doctor", environ={"QUORUM_DSN": NOWHERE})
    found = quorum.json("doctor", "--dsn", NOWHERE, "--json")

    assert done.returncode == 4
    assert "password=***" in done.stdout
    assert "(from QUORUM_DSN)" in " ".join(done.stdout.split())
    assert "1 problem" in done.stdout
    assert "mend: check that it runs, and host and port of the DSN" in done.stdout
    assert found["healthy"] is False
    assert found["problems"][0]["mend"] == "check that it runs, and host and port of the DSN"


def test_a_fresh_database_counts_its_migrations_from_0(quorum: Quorum, database: str) -> None:
    said = " ".join(quorum("doctor", "--dsn", database).stdout.split())

    assert f"none yet, the first run makes the tables (ours 0 of {OURS}, LangGraph's 0 of 1" in said
    assert "-1" not in said


@pytest.mark.parametrize("arguments", [("--dsn", "foo"), ("--dsn", ""), ("--dsn", "foo", "--json"), ()])
def test_a_dsn_that_is_none_is_wrong_input_and_still_reported(quorum: Quorum, arguments: tuple[str, ...]) -> None:
    done = quorum("doctor", *arguments, environ={"QUORUM_DSN": "foo"})

    assert done.returncode == 2
    assert "is not a DSN" in done.stdout
    assert "give postgresql://user:password@host:port/database" in done.stdout


def test_a_short_password_does_not_garble_the_report(quorum: Quorum) -> None:
    done = quorum("doctor", "--dsn", "postgresql://u:p@localhost:1/x")

    assert done.returncode == 4
    assert "accepting TCP/IP connections" in " ".join(done.stdout.split())


def test_extras_are_read_from_the_metadata() -> None:
    assert missing_of("cli") == []
    assert missing_of("nothing is called this") == []
