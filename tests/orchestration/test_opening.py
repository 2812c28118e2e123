"""What an orchestrator is opened with is looked at first; after its block it says that it is closed."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from langgraph_quorum import Orchestrator, SyncOrchestrator
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.roles import grant
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError
from tests.orchestration.crews import Crew
from tests.orchestration.graphs_of_ones_own import clashing
from tests.roles import login_role

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
"""Nothing listens there: what is found after the database was asked for would be another error."""


@pytest.fixture
def runner(database: str) -> Iterator[str]:
    """The database seen by a role that may connect and nothing else."""
    with login_role(database) as role:
        yield make_conninfo(database, user=role)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("encryption", "a-key"),
        ("lease_ttl_s", 0.1),
        ("lease_ttl_s", float("nan")),
        ("lease_ttl_s", float("inf")),
        ("lease_ttl_s", "15"),
        ("workflow", ""),
        ("workflow", None),
        ("artifacts", Path("artifacts")),
    ],
)
async def test_a_setting_that_makes_no_sense_is_named_before_the_database_is_asked(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as raised:
        async with Orchestrator.open(clashing(), NOWHERE, **{field: value}):
            pass
    assert raised.value.field == field
    assert "a-key" not in str(raised.value)


async def test_every_verb_says_that_the_orchestrator_is_closed(pool: Pool) -> None:
    async with Orchestrator.on(clashing(report="done"), pool) as quorum:
        await (await quorum.start({}, "t1")).result()
    calls = [quorum.get("t1"), quorum.list(), quorum.start({}), quorum.resume("t1"), quorum.cancel("t1")]
    calls += [quorum.history("t1"), quorum.fork("t1"), quorum.delete("t1"), quorum.expire(), quorum.prune(keep=1)]
    for call in calls:
        with pytest.raises(ConfigurationError, match="this orchestrator is closed"):
            await call
    for verb in (lambda: quorum.watch("t1"), quorum.statistics):
        with pytest.raises(ConfigurationError, match="this orchestrator is closed"):
            verb()


async def test_every_verb_says_that_it_was_called_from_another_event_loop(pool: Pool, crew: Crew) -> None:
    async def tried(call: Callable[[], Any]) -> str:
        with pytest.raises(ConfigurationError, match="belongs to the event loop that opened it") as refused:
            await call()
        return refused.value.field

    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start({"task": "look"}, "t1")
        calls: list[Callable[[], Any]] = [
            *(functools.partial(verb, "t1") for verb in (quorum.get, quorum.resume, quorum.cancel, quorum.drain)),
            *(functools.partial(verb, "t1") for verb in (quorum.history, quorum.fork, quorum.delete)),
            *(quorum.list, quorum.drain, quorum.expire, functools.partial(quorum.prune, keep=1)),
            lambda: anext(quorum.watch("t1")),
        ]
        for call in calls:
            assert await asyncio.to_thread(asyncio.run, tried(call)) == "orchestrator"
        assert (await asyncio.to_thread(quorum.statistics)).leases.held == 1
        crew.go.set()
        assert (await run.result())["status"] == "approved"


def test_so_does_the_one_for_callers_without_a_loop(database: str) -> None:
    with SyncOrchestrator.open(clashing(report="done"), database) as quorum:
        run = quorum.start({}, "t1")
        run.result()
    for call in (
        lambda: quorum.get("t1"),
        quorum.list,
        run.result,
        quorum.statistics,
        lambda: list(quorum.watch("t1")),
    ):
        with pytest.raises(ConfigurationError, match="this orchestrator is closed"):
            call()


async def test_a_role_that_lacks_a_right_is_told_before_anything_runs(
    pool: Pool, database: str, runner: str, crew: Crew
) -> None:
    role = str(conninfo_to_dict(runner)["user"])
    await grant(pool, role)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(f'REVOKE INSERT, DELETE ON checkpoint_writes FROM "{role}"'.encode())
    crew.go.set()
    async with open_pool(runner) as theirs, Orchestrator.on(crew.workflow(), theirs) as quorum:
        with pytest.raises(DatabaseError, match=rf"INSERT on checkpoint_writes.*quorum db grant {role} --apply"):
            await quorum.start({"task": "look"}, "t1")
        assert not crew.calls
        assert not await quorum.list()
        await grant(pool, role)
        assert (await (await quorum.start({"task": "look"}, "t1")).result())["status"] == "approved"


async def test_a_right_that_only_deleting_needs_may_be_missing(pool: Pool, database: str, runner: str) -> None:
    role = str(conninfo_to_dict(runner)["user"])
    await grant(pool, role)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(f'REVOKE DELETE ON checkpoints, quorum.runs FROM "{role}"'.encode())
    async with open_pool(runner) as theirs, Orchestrator.on(clashing(report="done"), theirs) as quorum:
        assert (await (await quorum.start({}, "t1")).result())["report"] == "done"
        runs = await asyncio.gather(*(quorum.start({}, f"t{number}") for number in (2, 3)))
        assert [(await run.result())["report"] for run in runs] == ["done", "done"]
