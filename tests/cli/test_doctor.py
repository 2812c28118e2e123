"""`quorum doctor`: which database, whether it can be used, and what to do about what is wrong."""

from __future__ import annotations

import asyncio

from langgraph_quorum.orchestration.cli.doctor import EXTRAS, missing_of
from langgraph_quorum.orchestration.database import open_database
from tests.cli.conftest import NOWHERE, Quorum


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
    assert "migrations current (ours 1 of 1" in said
    assert (found["healthy"], found["writable"], found["source"]) == (True, True, "argument")
    assert found["extras"].keys() == set(EXTRAS)


def test_each_problem_comes_with_its_mend_and_no_password(quorum: Quorum) -> None:
    done = quorum("doctor", environ={"QUORUM_DSN": NOWHERE})
    found = quorum.json("doctor", "--dsn", NOWHERE, "--json")

    assert done.returncode == 4
    assert "password=***" in done.stdout
    assert "(from QUORUM_DSN)" in done.stdout
    assert "1 problem" in done.stdout
    assert "mend: check that it runs, and host and port of the DSN" in done.stdout
    assert found["healthy"] is False
    assert found["problems"][0]["mend"] == "check that it runs, and host and port of the DSN"


def test_extras_are_read_from_the_metadata() -> None:
    assert missing_of("cli") == []
    assert missing_of("nothing is called this") == []
