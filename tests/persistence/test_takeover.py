"""A thread is taken from a driver that is surely gone, at once or when its lease runs out, and from no other."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.fence import hold_token
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, open_pool
from langgraph_quorum.orchestration.persistence.processes import (
    ProcessMark,
    is_zombie,
    parse_mark,
    surely_dead,
    this_process,
)
from langgraph_quorum.state.errors import ThreadBusyError
from tests.persistence.leases import eventually, row_of

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
    assert time.monotonic() - before < 60


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


async def test_a_driver_stopped_within_its_transaction_does_not_hold_the_thread_for_ever(
    pool: Pool, database: str
) -> None:
    async with (
        open_pool(database) as another,
        another.connection() as connection,
        hold_lease(another, "t", ttl_s=0.6) as lease,
    ):
        await connection.set_autocommit(False)
        await hold_token(connection, another, "t", lease.token)  # opens a transaction, and nothing follows
        async with asyncio.timeout(10), hold_lease(pool, "t", on_busy="take_over") as taken:
            assert taken.token > lease.token
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 1")


async def _writes_slowly(connection: Connection) -> str:
    await connection.execute("SELECT pg_sleep(3)")
    return str((await connection.execute("COMMIT")).statusmessage)


async def test_a_driver_that_is_slow_to_commit_is_waited_for(pool: Pool, database: str) -> None:
    async with (
        open_pool(database) as another,
        another.connection() as connection,
        hold_lease(another, "t", ttl_s=0.6) as lease,
    ):
        await connection.set_autocommit(False)
        await hold_token(connection, another, "t", lease.token)
        writing = asyncio.create_task(_writes_slowly(connection))
        async with asyncio.timeout(10), hold_lease(pool, "t", on_busy="take_over") as taken:
            assert taken.token > lease.token
            assert (await writing).startswith("COMMIT")


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
