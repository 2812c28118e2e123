"""One thread, one driver: for as long as its lease is renewed, also when it sleeps, or the database hangs."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.orchestration.persistence import acquiring, heartbeat
from langgraph_quorum.orchestration.persistence.acquiring import Holding, judge
from langgraph_quorum.orchestration.persistence.heartbeat import Answer, Lease
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed, open_pool
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError, LeaseLostError, ThreadBusyError
from tests.persistence.leases import eventually, row_of


async def test_a_released_thread_is_free_and_its_token_only_grows(pool: Pool) -> None:
    tokens = []
    for _ in range(3):
        async with hold_lease(pool, "t") as lease:
            tokens.append(lease.token)
            assert not lease.lost.is_set()
            lease.check()
    assert tokens == sorted(set(tokens))


async def test_a_thread_is_given_back_when_the_database_takes_no_writes_for_a_moment(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([DatabaseError("it is read-only"), DatabaseError("it is read-only")])

    @asynccontextmanager
    async def refusing(*what: Any, **limits: Any) -> AsyncIterator[Connection]:
        for error in refusals:
            raise error
        async with borrowed(*what, **limits) as connection:
            yield connection

    async with hold_lease(pool, "t"):
        monkeypatch.setattr(acquiring, "borrowed", refusing)
    async with hold_lease(pool, "t"):
        assert next(refusals, None) is None


async def test_the_same_process_cannot_drive_a_thread_twice(pool: Pool) -> None:
    async with hold_lease(pool, "t") as lease:
        with pytest.raises(ThreadBusyError, match=r"this very process \(\d+ on ") as busy:
            async with hold_lease(pool, "t"):
                pass
        assert 0 < busy.value.expires_in_s <= 15
        assert not lease.lost.is_set()
        async with hold_lease(pool, "another"):
            pass


async def test_of_many_that_ask_at_once_one_gets_the_thread(pool: Pool) -> None:
    others_refused = asyncio.Barrier(8)

    async def drive(thread_id: str) -> str:
        try:
            async with hold_lease(pool, thread_id):
                await others_refused.wait()
        except ThreadBusyError:
            await others_refused.wait()
            return "busy"
        return "drove"

    async with asyncio.timeout(60):
        for number in range(80):  # who makes the row of a thread first is a race
            asked = (drive(f"t{number}") for _ in range(8))
            assert sorted(await asyncio.gather(*asked)) == ["busy"] * 7 + ["drove"]


async def test_the_heartbeat_keeps_a_lease_beyond_its_ttl(pool: Pool, database: str) -> None:
    async with hold_lease(pool, "t", ttl_s=0.6) as lease:
        _, first = row_of(database)
        assert first <= 0.6
        for _ in range(9):  # 0.9 s: longer than the ttl
            await asyncio.sleep(0.1)
            assert row_of(database)[1] > 0
        assert not lease.lost.is_set()


async def test_a_holder_that_slept_past_its_lease_keeps_it_when_nobody_took_it(pool: Pool, database: str) -> None:
    async with hold_lease(pool, "t", ttl_s=0.6) as lease:
        time.sleep(1.0)  # noqa: ASYNC251 - blocks the heartbeat on purpose, beyond the ttl
        assert row_of(database)[1] < 0
        await eventually(lambda: row_of(database)[1] > 0)
        assert not lease.lost.is_set()


async def test_a_holder_that_slept_while_its_heartbeat_was_under_way_is_told_that_it_was_overtaken(
    pool: Pool, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew = heartbeat._renew
    slept: list[bool] = []

    async def sleeps_once(pool: Pool, lease: Lease, ttl_s: float) -> Answer:
        if not slept:
            slept.append(True)
            await asyncio.sleep(0)  # lets the heartbeat wait for the answer
            with psycopg.connect(database, autocommit=True) as other:
                other.execute("UPDATE quorum.leases SET token = token + 1, owner = 'elsewhere:1:1'")
            time.sleep(1.5)  # noqa: ASYNC251 - past the lease
        return await renew(pool, lease, ttl_s)

    monkeypatch.setattr(heartbeat, "_renew", sleeps_once)
    async with hold_lease(pool, "t", ttl_s=0.6) as lease:
        async with asyncio.timeout(10):
            await lease.lost.wait()
        with pytest.raises(LeaseLostError):
            lease.check()


async def test_a_lease_that_was_overtaken_is_lost_and_says_so(pool: Pool, database: str) -> None:
    async with hold_lease(pool, "t", ttl_s=0.6) as lease:
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("UPDATE quorum.leases SET token = token + 1, owner = 'elsewhere:1:1'")
        async with asyncio.timeout(5):
            await lease.lost.wait()
        with pytest.raises(LeaseLostError, match="'t' was taken over by another driver"):
            lease.check()
    assert row_of(database)[0] == 2  # leaving does not touch what now belongs to another


@contextmanager
def hanging_backends(database: str) -> Iterator[None]:
    """Stop every backend that serves this database now; new connections are still served."""
    with psycopg.connect(database, autocommit=True) as other:
        pids = other.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    for (pid,) in pids:
        os.kill(pid, signal.SIGSTOP)
    yield
    for (pid,) in pids:
        os.kill(pid, signal.SIGCONT)


async def test_a_lease_is_lost_in_time_when_the_database_hangs(database: str) -> None:
    async with open_pool(database, max_size=1) as pool:
        await migrate(pool)
        async with hold_lease(pool, "t", ttl_s=0.9) as lease:
            started_at = time.monotonic()
            with hanging_backends(database):
                async with asyncio.timeout(10):
                    await lease.lost.wait()
            assert time.monotonic() - started_at < 5  # the ttl, and room for a noisy machine
            with pytest.raises(DatabaseError, match="the database went away while thread 't'"):
                lease.check()


async def test_one_connection_that_hangs_does_not_cost_the_lease(pool: Pool, database: str) -> None:
    async with hold_lease(pool, "t", ttl_s=1.2) as lease:
        with hanging_backends(database):
            await asyncio.sleep(1.8)  # one and a half ttl
            assert row_of(database)[1] > 0
            assert not lease.lost.is_set()


@pytest.mark.parametrize("ttl_s", [0, 0.1, -1, float("nan")])
async def test_a_ttl_too_short_to_be_renewed_is_refused(pool: Pool, ttl_s: float) -> None:
    with pytest.raises(ConfigurationError, match="ttl_s"):
        async with hold_lease(pool, "t", ttl_s=ttl_s):
            pass


@given(left=st.floats(-100, 100), dead=st.booleans())
def test_only_an_unexpired_lease_of_an_owner_not_known_dead_is_busy(left: float, dead: bool) -> None:
    verdict = judge(Holding("owner", 1, left), owner_dead=dead)
    assert (verdict == "busy") == (left > 0 and not dead)
    assert judge(None, owner_dead=dead) == "free"
