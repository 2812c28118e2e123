"""A second start of a thread is refused, waits, or takes the thread over; and a driver hears what is asked of it."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.orchestration.persistence.acquiring import Holding, pause_before
from langgraph_quorum.orchestration.persistence.lease import hold_lease, lease_statistics
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import record_start
from langgraph_quorum.state.errors import ConfigurationError, LeaseLostError, ThreadBusyError
from tests.persistence.leases import eventually


async def test_a_living_driver_loses_its_thread_to_one_that_takes_over_and_hears_of_it(pool: Pool) -> None:
    async with hold_lease(pool, "t", ttl_s=0.6) as old, hold_lease(pool, "t", on_busy="take_over") as new:
        assert new.token == old.token + 1
        async with asyncio.timeout(5):
            await old.lost.wait()
        with pytest.raises(LeaseLostError):
            old.check()
        assert not new.lost.is_set()


async def test_taking_over_a_thread_that_nobody_drives_is_a_start(pool: Pool) -> None:
    for _ in range(2):
        async with hold_lease(pool, "t", on_busy="take_over") as lease:
            lease.check()
    assert lease_statistics(pool).taken_from_living == 0


async def test_who_waits_gets_the_thread_when_its_driver_has_ended(pool: Pool) -> None:
    tokens: list[int] = []

    async def waits() -> None:
        async with hold_lease(pool, "t", on_busy="wait", wait_s=30) as lease:
            tokens.append(lease.token)

    async with hold_lease(pool, "t") as first:
        waiting = asyncio.create_task(waits())
        await asyncio.sleep(0.2)
        assert not tokens
    async with asyncio.timeout(10):
        await waiting
    assert tokens[0] > first.token


async def test_who_waits_gets_the_thread_of_a_far_driver_when_its_lease_runs_out(pool: Pool, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(
            "INSERT INTO quorum.leases VALUES ('t', 'far~00000000:1:1', 7, clock_timestamp() + interval '0.4 seconds')"
        )
    async with asyncio.timeout(10), hold_lease(pool, "t", on_busy="wait", wait_s=30) as lease:
        assert lease.token == 8
    assert lease_statistics(pool).taken_from_dead == 1


async def test_a_wait_ends_when_its_time_is_up(pool: Pool) -> None:
    async with hold_lease(pool, "t"):
        began = time.monotonic()
        with pytest.raises(ThreadBusyError):
            async with hold_lease(pool, "t", on_busy="wait", wait_s=0.3):
                pass
        assert time.monotonic() - began >= 0.3


async def test_of_many_that_wait_each_gets_its_turn_and_never_two_at_once(pool: Pool) -> None:
    inside: list[int] = []
    most = 0

    async def drive() -> None:
        nonlocal most
        async with hold_lease(pool, "t", on_busy="wait", wait_s=30) as lease:
            inside.append(lease.token)
            most = max(most, len(inside))
            await asyncio.sleep(0.01)
            inside.remove(lease.token)

    async with asyncio.timeout(40):
        await asyncio.gather(*(drive() for _ in range(5)))
    assert most == 1


@given(
    attempt=st.integers(1, 10_000),
    expires_in_s=st.floats(-10, 1e6),
    left_s=st.floats(0.001, 1e6),
)
def test_a_pause_is_no_longer_than_the_lease_the_wait_and_a_second(
    attempt: int, expires_in_s: float, left_s: float
) -> None:
    pause = pause_before(attempt, Holding("o", 1, expires_in_s), left_s)
    assert 0 < pause <= min(left_s, 1.0, max(expires_in_s, 0.05))
    assert pause >= min(left_s, 0.05)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"on_busy": "fight"}, "on_busy"),
        ({"on_busy": "wait", "wait_s": math.inf}, "wait_s"),
        ({"on_busy": "wait", "wait_s": -1}, "wait_s"),
        ({"wait_s": math.nan}, "wait_s"),
    ],
)
async def test_a_policy_that_makes_no_sense_is_refused(pool: Pool, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError, match=field):
        async with hold_lease(pool, "t", **given):
            pass


async def test_a_start_that_is_cancelled_leaves_the_thread_free(pool: Pool) -> None:
    async def drive() -> None:
        async with hold_lease(pool, "t"):
            await asyncio.sleep(60)

    for turns in range(12):  # cut off at one step of the acquiring after the other
        driving = asyncio.create_task(drive())
        for _ in range(turns):
            await asyncio.sleep(0.001)
        driving.cancel()
        await asyncio.wait({driving})
        async with hold_lease(pool, "t"):
            pass
    assert lease_statistics(pool).held == 0


async def test_what_is_asked_of_a_driver_comes_with_its_next_heartbeat(pool: Pool, database: str) -> None:
    async with hold_lease(pool, "t", ttl_s=0.6) as lease:
        await record_start(pool, "t", workflow="w", task="x", token=lease.token)
        assert lease.asked is None
        with psycopg.connect(database, autocommit=True) as other:
            for asked in ("drain", "cancel"):
                other.execute("UPDATE quorum.runs SET asked = %s", (asked,))
                async with asyncio.timeout(5):
                    await lease.request.wait()
                assert lease.asked == asked
                lease.request.clear()
        assert not lease.lost.is_set()


async def test_leases_are_counted_for_each_pool(pool: Pool) -> None:
    assert lease_statistics(pool).acquired == 0
    async with hold_lease(pool, "t", ttl_s=0.6):
        with pytest.raises(ThreadBusyError):
            async with hold_lease(pool, "t"):
                pass
        await eventually(lambda: lease_statistics(pool).renewals > 0)
        now = lease_statistics(pool)
        assert (now.held, now.acquired, now.rejected, now.lost, now.failed_renewals) == (1, 1, 1, 0, 0)
        assert now.slowest_renewal_s > 0
    async with hold_lease(pool, "t", ttl_s=0.6) as first, hold_lease(pool, "t", on_busy="take_over"):
        async with asyncio.timeout(5):
            await first.lost.wait()
    after = lease_statistics(pool)
    assert (after.held, after.acquired, after.taken_from_living, after.lost) == (0, 3, 1, 1)


async def test_a_driver_that_hears_of_a_takeover_by_a_refused_write_has_lost_its_lease_too(pool: Pool) -> None:
    async def overtaken() -> None:
        async with hold_lease(pool, "t", ttl_s=600) as lease:
            async with hold_lease(pool, "t", on_busy="take_over"):
                pass
            await record_start(pool, "t", workflow="w", task="look", token=lease.token)

    async with hold_lease(pool, "another"):  # which is not lost with it
        with pytest.raises(LeaseLostError):
            await overtaken()
    assert (lease_statistics(pool).held, lease_statistics(pool).lost) == (0, 1)


async def test_a_thread_left_behind_is_counted_as_taken_from_the_dead_and_one_given_back_is_not(
    pool: Pool, database: str
) -> None:
    async with hold_lease(pool, "t"):
        pass
    async with hold_lease(pool, "t"):
        pass
    assert lease_statistics(pool).taken_from_dead == 0
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("UPDATE quorum.leases SET expires_at = clock_timestamp()")
    async with hold_lease(pool, "t"):
        pass
    assert lease_statistics(pool).taken_from_dead == 1
