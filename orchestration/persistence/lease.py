"""One thread, one driver: a lease with a growing token, kept alive by a heartbeat.

Whoever takes a thread over gets a greater token, so what a driver that was stopped meanwhile still writes can be told
apart and refused. Each statement stands alone: leases need no session, and work behind transaction pooling.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from langgraph_quorum.orchestration.bounds import check_seconds
from langgraph_quorum.orchestration.naming import check_thread_id
from langgraph_quorum.orchestration.persistence.acquiring import OnBusy, acquire, check_policy, release
from langgraph_quorum.orchestration.persistence.heartbeat import Asked, Lease, beat
from langgraph_quorum.orchestration.persistence.lease_statistics import LeaseStatistics, counts_of, lease_statistics
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.processes import this_process

__all__ = ["TTL_S", "Asked", "Lease", "LeaseStatistics", "OnBusy", "hold_lease", "lease_statistics"]

TTL_S = 15.0
"""Seconds a lease outlives its holder's last sign of life, when nothing else is said."""

_LEAST_TTL_S = 0.3


@asynccontextmanager
async def hold_lease(
    pool: Pool, thread_id: str, *, ttl_s: float = TTL_S, on_busy: OnBusy = "reject", wait_s: float = 60.0
) -> AsyncIterator[Lease]:
    """Drive `thread_id` alone for as long as the context is open.

    The heartbeat renews every `ttl_s / 3` seconds. A holder of this host that no longer lives is replaced at once;
    one of another host when its lease runs out by the database's clock.

    Args:
        pool: A pool of the migrated database; one connection is borrowed for each beat.
        thread_id: The thread to drive.
        ttl_s: Seconds the lease outlives its holder's last sign of life; at least 0.3.
        on_busy: When another driver holds the thread: `reject` raises at once; `wait` asks again, until it is free or
            `wait_s` have passed; `take_over` takes it at once, and the other is refused at its next heartbeat or write.
        wait_s: Seconds to wait, from 0.

    Raises:
        ThreadBusyError: Another driver holds it, in this process or elsewhere.
        ConfigurationError: An argument is out of its bounds, or `thread_id` cannot be stored.
        DatabaseError: The lease table cannot be used.
    """
    check_seconds("ttl_s", ttl_s, _LEAST_TTL_S)
    check_thread_id(thread_id)
    check_policy(on_busy, wait_s)
    taken = await acquire(pool, thread_id, ttl_s, on_busy, wait_s)
    lease = Lease(thread_id, taken.token, this_process().text)
    beating = asyncio.create_task(beat(pool, lease, ttl_s, taken.asked_at), name=f"lease of {thread_id}")
    still_ours = True
    try:
        yield lease
    finally:
        lost = lease.lost.is_set()
        try:
            beating.cancel()
            await asyncio.wait({beating})
            still_ours = await release(pool, thread_id, taken.token)
        finally:
            counts_of(pool).ended(lost=lost or not still_ours)
