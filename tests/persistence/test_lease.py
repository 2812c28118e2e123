"""One thread, one driver: also when drivers are killed, stopped, cut off, or start twice."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.orchestration.persistence.lease import Holding, hold_lease, judge
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.processes import (
    ProcessMark,
    is_zombie,
    parse_mark,
    surely_dead,
    this_process,
)
from langgraph_quorum.state.errors import ConfigurationError, LeaseLostError, ThreadBusyError

DRIVER = """
import asyncio, sys
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import open_pool

async def main():
    async with open_pool(sys.argv[1]) as pool:
        async with hold_lease(pool, "t", ttl_s=float(sys.argv[2])) as lease:
            print(lease.token, flush=True)
            await lease.lost.wait()
            print("lost", flush=True)

asyncio.run(main())
"""


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database) as opened:
        await migrate(opened)
        yield opened


@pytest.fixture
def start_driver(database: str) -> Iterator[Callable[[float], subprocess.Popen[str]]]:
    """Start another process that drives thread "t" with the given ttl, and wait until it holds the lease."""
    started: list[subprocess.Popen[str]] = []

    def start(ttl_s: float) -> subprocess.Popen[str]:
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER, database, str(ttl_s)], stdout=subprocess.PIPE, text=True
        )
        started.append(driver)
        assert driver.stdout is not None
        assert driver.stdout.readline().strip() == "1"
        return driver

    yield start
    for driver in started:
        driver.kill()
        driver.wait()


async def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is outside this process
            await asyncio.sleep(0.02)


def row_of(database: str, thread_id: str = "t") -> tuple[int, float]:
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT token, extract(epoch FROM expires_at - clock_timestamp())::float8 FROM quorum.leases"
            " WHERE thread_id = %s",
            (thread_id,),
        ).fetchone()
    assert row is not None
    return row[0], row[1]


async def test_a_released_thread_is_free_and_its_token_only_grows(pool: Pool) -> None:
    tokens = []
    for _ in range(3):
        async with hold_lease(pool, "t") as lease:
            tokens.append(lease.token)
            assert not lease.lost.is_set()
            lease.check()
    assert tokens == sorted(set(tokens))


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
    async def drive() -> str:
        try:
            async with hold_lease(pool, "t"):
                await asyncio.sleep(0.5)
        except ThreadBusyError:
            return "busy"
        return "drove"

    assert sorted(await asyncio.gather(*(drive() for _ in range(8)))) == ["busy"] * 7 + ["drove"]


async def test_the_heartbeat_keeps_a_lease_beyond_its_ttl(pool: Pool, database: str) -> None:
    async with hold_lease(pool, "t", ttl_s=0.6) as lease:
        _, first = row_of(database)
        assert first <= 0.6
        for _ in range(9):  # 0.9 s: longer than the ttl
            await asyncio.sleep(0.1)
            assert row_of(database)[1] > 0
        assert not lease.lost.is_set()


async def test_another_living_process_is_described_to_a_person(
    pool: Pool, start_driver: Callable[[float], subprocess.Popen[str]]
) -> None:
    driver = start_driver(60)
    with pytest.raises(ThreadBusyError, match=f"is being run by process {driver.pid} on "):
        async with hold_lease(pool, "t"):
            pass


async def test_a_process_killed_with_9_is_replaced_at_once_long_before_its_lease_runs_out(
    pool: Pool, start_driver: Callable[[float], subprocess.Popen[str]]
) -> None:
    driver = start_driver(600)
    driver.kill()
    await eventually(lambda: is_zombie(driver.pid))  # it is not waited for
    before = time.monotonic()
    async with hold_lease(pool, "t") as lease:
        assert lease.token == 2
    assert time.monotonic() - before < 3


async def test_a_stopped_process_loses_its_thread_when_its_lease_runs_out_and_knows_it_when_woken(
    pool: Pool, database: str, start_driver: Callable[[float], subprocess.Popen[str]]
) -> None:
    driver = start_driver(0.9)
    os.kill(driver.pid, signal.SIGSTOP)
    with pytest.raises(ThreadBusyError):
        await hold_lease(pool, "t").__aenter__()
    await eventually(lambda: row_of(database)[1] <= 0)
    taken = hold_lease(pool, "t")
    lease = await taken.__aenter__()
    assert lease.token == 2
    os.kill(driver.pid, signal.SIGCONT)
    assert driver.stdout is not None
    assert await asyncio.to_thread(driver.stdout.readline) == "lost\n"
    assert not lease.lost.is_set()
    await taken.__aexit__(None, None, None)


async def test_a_holder_that_slept_past_its_lease_keeps_it_when_nobody_took_it(pool: Pool, database: str) -> None:
    async with hold_lease(pool, "t", ttl_s=0.6) as lease:
        time.sleep(1.0)  # noqa: ASYNC251 - blocks the heartbeat on purpose, beyond the ttl
        assert row_of(database)[1] < 0
        await eventually(lambda: row_of(database)[1] > 0)
        assert not lease.lost.is_set()


async def test_a_lease_that_was_overtaken_is_lost_and_says_so(pool: Pool, database: str) -> None:
    async with hold_lease(pool, "t", ttl_s=0.6) as lease:
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("UPDATE quorum.leases SET token = token + 1, owner = 'elsewhere:1:1'")
        async with asyncio.timeout(5):
            await lease.lost.wait()
        with pytest.raises(LeaseLostError, match="'t' was lost to another driver"):
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


async def test_one_connection_that_hangs_does_not_cost_the_lease(pool: Pool, database: str) -> None:
    async with hold_lease(pool, "t", ttl_s=1.2) as lease:
        with hanging_backends(database):
            await asyncio.sleep(1.8)  # one and a half ttl
            assert row_of(database)[1] > 0
            assert not lease.lost.is_set()


async def test_an_owner_of_another_host_is_waited_for(pool: Pool, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(
            "INSERT INTO quorum.leases VALUES ('t', 'far~00000000:1:1', 7, clock_timestamp() + interval '1 minute')"
        )
        with pytest.raises(ThreadBusyError, match="process 1 on far"):
            async with hold_lease(pool, "t"):
                pass
        other.execute("UPDATE quorum.leases SET expires_at = clock_timestamp()")
    async with hold_lease(pool, "t") as lease:
        assert lease.token == 8


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


def test_a_mark_survives_being_written_down() -> None:
    mark = this_process()
    assert parse_mark(mark.text) == mark
    assert parse_mark("no mark") is None
    assert parse_mark("host:1:") is None


def test_only_what_is_surely_gone_counts_as_dead() -> None:
    mark = this_process()
    assert not surely_dead(mark)
    assert surely_dead(ProcessMark(mark.host, mark.pid, mark.started + 100))  # its number was given to another
    assert not surely_dead(ProcessMark("elsewhere", mark.pid, mark.started + 100))  # not ours to judge
