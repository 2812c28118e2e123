"""The database that checkpoints are in: it goes away while branches work, or stands behind a pooler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.persistence import PoolSettings, hold_lease, open_database
from langgraph_quorum.state.errors import DatabaseError, ThreadBusyError
from tests.graphs.running import thread
from tests.orchestration.crews import Crew
from tests.pooler.proxy import Pooler, transaction_pooler
from tests.traps.plain import Named, fan_out


async def close_to_all(dsn: str, database: str) -> None:
    """Let nobody in, and end who is there: what a server that is gone looks like from outside."""
    name = str(conninfo_to_dict(database)["dbname"])
    async with await AsyncConnection.connect(dsn, autocommit=True) as admin:
        await admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        await admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,))


class Told(AsyncPostgresSaver):
    """The official saver, which also says when it could not store what a branch wrote."""

    failed: asyncio.Event

    async def aput_writes(self, *args: Any, **kwargs: Any) -> None:
        try:
            await super().aput_writes(*args, **kwargs)
        except psycopg.OperationalError:
            self.failed.set()
            raise


async def test_plain_a_branch_works_on_although_nothing_can_be_stored_any_more(dsn: str, database: str) -> None:
    ended = list[str]()
    async with Told.from_conn_string(database) as saver:
        assert isinstance(saver, Told)
        saver.failed = asyncio.Event()
        await saver.setup()

        async def worker(state: Named) -> dict[str, Any]:
            if state["name"] == "a":
                await close_to_all(dsn, database)
            else:
                await saver.failed.wait()  # what `a` wrote is lost, and known to be lost
                await asyncio.sleep(0.01)
            ended.append(state["name"])
            return {"done": [state["name"]]}

        with pytest.raises(psycopg.OperationalError):
            await asyncio.wait_for(fan_out(worker, "ab").compile(checkpointer=saver).ainvoke({}, thread()), 60)
    assert ended == ["a", "b"]


async def test_ours_stops_its_branches_once_the_lease_has_run_out_and_begins_none_without_a_database(
    dsn: str, database: str
) -> None:
    crew = Crew()
    settings = PoolSettings(timeout_s=1)
    async with Orchestrator.open(crew.workflow(), database, pool=settings, lease_ttl_s=0.5) as quorum:
        run = await quorum.start({"task": "x"}, thread_id="t")
        await asyncio.wait_for(crew.slow_started.wait(), 60)
        begun = crew.calls.copy()
        await close_to_all(dsn, database)
        with pytest.raises(DatabaseError):
            await asyncio.wait_for(run.result(), 60)
        with pytest.raises(DatabaseError):
            await asyncio.wait_for(quorum.start({"task": "x"}, thread_id="late"), 60)
    assert crew.cancelled == ["slow"]
    assert crew.calls == begun


@pytest.fixture
async def pooler(database: str) -> AsyncIterator[Pooler]:
    async with transaction_pooler(database) as running:
        yield running


@asynccontextmanager
async def session(pooler: Pooler) -> AsyncIterator[AsyncConnection]:
    async with await AsyncConnection.connect(pooler.dsn, autocommit=True, prepare_threshold=None) as connection:
        yield connection


async def test_plain_behind_a_pooler_the_saver_does_not_find_its_prepared_statements(pooler: Pooler) -> None:
    async with AsyncPostgresSaver.from_conn_string(pooler.dsn) as saver:
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            await saver.setup()


async def test_plain_behind_a_pooler_a_lock_of_the_session_lets_two_in(pooler: Pooler) -> None:
    async with session(pooler) as one, session(pooler) as other:
        taken = [
            await (await connection.execute("SELECT pg_try_advisory_lock(1)")).fetchone()
            for connection in (one, other, other, other)
        ]
    assert (taken[0], (True,) in taken[1:]) == ((True,), True)


async def test_ours_behind_a_pooler_runs_with_one_driver_for_a_thread(pooler: Pooler) -> None:
    transaction = PoolSettings(preset="transaction")
    async with open_database(pooler.dsn, pool=transaction) as pool, hold_lease(pool, "held"):
        for _ in range(4):
            with pytest.raises(ThreadBusyError):
                async with hold_lease(pool, "held"):
                    raise AssertionError("two drivers")
    crew = Crew()
    crew.go.set()
    async with Orchestrator.open(crew.workflow(), pooler.dsn, pool=transaction) as quorum:
        assert (await (await quorum.start({"task": "x"}, thread_id="t")).result())["status"] == "approved"
