"""Everything that runs do with Postgres, done behind a transaction pooler: nothing of ours is kept in a session."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.fence import hold_token
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.migrations import MigrationStatus, migrate
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed, open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.roles import grant
from langgraph_quorum.orchestration.persistence.tenants import separate_tenants
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError, LeaseLostError, ThreadBusyError
from tests.pooler.proxy import Pooler, transaction_pooler

TRANSACTION = PoolSettings(preset="transaction", max_size=8)
BRANCHES = 20


@pytest.fixture
async def pooler(database: str) -> AsyncIterator[Pooler]:
    async with transaction_pooler(database, size=4) as running:
        yield running


@pytest.fixture
async def pool(pooler: Pooler) -> AsyncIterator[Pool]:
    async with open_database(pooler.dsn, pool=TRANSACTION) as opened:
        yield opened


class Crowd:
    """Twenty specialists, who all count their calls; the odd ones answer only once `go` is set."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.go = asyncio.Event()
        self.half = asyncio.Event()

    async def work(self, branch: Branch) -> dict[str, object]:
        if int(branch.branch_id.rpartition("_")[2]) % 2:
            await self.go.wait()
        self.calls[branch.branch_id] += 1
        if len(self.calls) >= BRANCHES // 2:
            self.half.set()
        return {"answer": branch.branch_id, "confidence": 0.9}

    def workflow(self) -> QuorumBuilder:
        specialists = [Specialist(f"s_{number}", self.work) for number in range(BRANCHES)]
        return build_workflow(specialists, sync=SyncPolicy(threshold=1.0, grace_s=0, deadline_s=60), mode="parallel")


async def test_eight_that_migrate_at_once_all_succeed(pooler: Pooler) -> None:
    async def once() -> MigrationStatus:
        async with open_pool(pooler.dsn, TRANSACTION, max_size=1) as pool:
            return await migrate(pool)

    pooler_is_wide_enough = asyncio.timeout(60)
    async with pooler_is_wide_enough:
        done = await asyncio.gather(*(once() for _ in range(8)))
    assert all(status.up_to_date for status in done)
    assert pooler.switches > 8


async def test_a_thread_has_one_driver(pool: Pool, pooler: Pooler) -> None:
    async with hold_lease(pool, "t") as lease:
        for _ in range(5):
            with pytest.raises(ThreadBusyError):
                async with hold_lease(pool, "t"):
                    pass
        async with borrowed(pool, "writing") as connection, connection.transaction():
            await hold_token(connection, pool, "t", lease.token)
    async with hold_lease(pool, "t") as later, borrowed(pool, "writing") as connection:
        assert later.token > lease.token
        with pytest.raises(LeaseLostError):
            async with connection.transaction():
                await hold_token(connection, pool, "t", lease.token)
    assert pooler.switches > 10


async def test_a_run_that_was_stopped_goes_on_and_does_nothing_twice(pool: Pool, pooler: Pooler) -> None:
    crowd = Crowd()
    async with Orchestrator.on(crowd.workflow(), pool) as quorum:
        run = await quorum.start({"task": "look"}, thread_id="t")
        async with asyncio.timeout(30):
            await crowd.half.wait()
        await quorum.drain()
        assert (await run.result())["status"] == "interrupted"
        crowd.go.set()
        out = await (await quorum.resume("t")).result()
    assert out["status"] == "approved"
    assert {branch["status"] for branch in out["branches"].values()} == {"succeeded"}
    assert len(out["branches"]) == BRANCHES
    assert set(crowd.calls.values()) == {1}
    assert pooler.switches > BRANCHES


async def test_eight_runs_at_once_all_end_well(pool: Pool, pooler: Pooler) -> None:
    crowds = [Crowd() for _ in range(8)]

    async def whole(number: int, crowd: Crowd) -> str:
        crowd.go.set()
        async with Orchestrator.on(crowd.workflow(), pool) as quorum:
            out = await (await quorum.start({"task": "look"}, thread_id=f"t{number}")).result()
            assert await quorum.get(f"t{number}") == out
        return str(out["status"])

    async with asyncio.timeout(100):
        statuses = await asyncio.gather(*(whole(number, crowd) for number, crowd in enumerate(crowds)))
    assert statuses == ["approved"] * 8
    assert pooler.switches > 8 * BRANCHES // 2


async def test_a_pool_for_direct_connections_is_told_what_is_in_between(pooler: Pooler) -> None:
    with pytest.raises(DatabaseError, match="a connection pooler is in between: set QUORUM_POOL_MODE=transaction"):
        async with open_pool(pooler.dsn):
            pass


async def test_a_pooler_that_takes_options_is_warned_of(pooler: Pooler, caplog: pytest.LogCaptureFixture) -> None:
    without_options = PoolSettings(statement_timeout_s=None, idle_in_transaction_s=None)
    with caplog.at_level(logging.WARNING):
        async with open_pool(pooler.dsn, without_options):
            pass
    assert "a connection pooler stands between us and Postgres" in caplog.text
    caplog.clear()
    async with open_pool(pooler.dsn, TRANSACTION):
        pass
    assert caplog.text == ""


@pytest.mark.parametrize("text", ["options='-c work_mem=8MB'", "options='-c search_path=team_a'"])
async def test_options_of_the_dsn_are_refused_before_anything_is_opened(pooler: Pooler, text: str) -> None:
    with pytest.raises(ConfigurationError, match="take them out of the DSN"):
        async with open_pool(f"{pooler.dsn} {text}", TRANSACTION):
            pass


@pytest.fixture
def teammate(database: str) -> Iterator[str]:
    """A role of the test's own."""
    role = f"mate_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN".encode())
        yield role
        owner.execute(f"DROP OWNED BY {role} CASCADE".encode())
        with suppress(psycopg.errors.DependentObjectsStillExist):
            owner.execute(f"DROP ROLE {role}".encode())


async def test_schema_and_tenant_come_from_the_role_or_are_refused_with_the_mend(database: str, teammate: str) -> None:
    settings = PoolSettings(preset="transaction", schema="team_a", tenant="acme")

    def as_owner(command: str) -> None:
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute(command.encode())

    async def opened() -> None:
        async with transaction_pooler(database) as pooler:
            dsn = make_conninfo(pooler.dsn, user=teammate)
            crowd = Crowd()
            crowd.go.set()
            async with open_database(dsn, pool=settings) as pool, Orchestrator.on(crowd.workflow(), pool) as quorum:
                out = await (await quorum.start({"task": "look"})).result()
            assert out["status"] == "approved"

    async with open_pool(database, PoolSettings(schema="team_a")) as owners:
        await migrate(owners)
        await separate_tenants(owners)
        await grant(owners, teammate)

    with pytest.raises(ConfigurationError) as refused:
        await opened()
    mend = f"ALTER ROLE \"{teammate}\" SET search_path = 'team_a'"
    assert mend in str(refused.value)
    as_owner(mend)

    with pytest.raises(ConfigurationError) as refused:
        await opened()
    mend = f"ALTER ROLE \"{teammate}\" SET quorum.tenant = 'acme'"
    assert mend in str(refused.value)
    as_owner(mend)

    await opened()
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename ~ 'checkpoint|leases'")
        assert found.fetchall() == [("team_a",)]
