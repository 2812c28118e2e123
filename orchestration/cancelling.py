"""Stopping a run: as its driver is told, and as anybody asks who may be in another process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from langgraph_quorum.orchestration.bounds import check_reason, check_seconds
from langgraph_quorum.orchestration.persistence.lease import Lease, hold_lease
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.register import ask_driver, record_end
from langgraph_quorum.orchestration.persistence.runs import StoredRun, get_run
from langgraph_quorum.orchestration.persistence.stored_run import Request
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.state.errors import ThreadBusyError

_ATTEMPTS = 40
"""Each is lost only to a driver that has just come or just gone."""
_PAUSE_S = 0.1
_SETTLE_S = 60.0
"""For work that was broken off; after that the lease goes, and with it the right to write."""

logger = logging.getLogger(__name__)


async def until_stopped(lease: Lease, run: Run, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work until it is done, the run is cut, or the lease is lost; what others ask of the driver is passed on.

    Returns:
        Whether it was cut before it was done.

    Raises:
        LeaseLostError: Another driver has taken the thread over.
        DatabaseError: The database gave no answer for as long as the lease lasts.
    """
    working = asyncio.create_task(work, name=f"quorum:stream:{lease.thread_id}")
    watching: list[asyncio.Task[Any]] = [
        asyncio.create_task(event.wait(), name=f"quorum:watch:{lease.thread_id}") for event in (lease.lost, run.cutting)
    ]
    watching.append(asyncio.create_task(_pass_on(lease, run), name=f"quorum:requests:{lease.thread_id}"))
    lost, cut, _ = watching
    try:
        await asyncio.wait({working, lost, cut}, return_when=asyncio.FIRST_COMPLETED)
        if lost.done() and not working.done():
            lease.check()
        if cut.done():
            return await _broken_off(working)
        await working
        return False
    finally:
        for task in (working, *watching):
            task.cancel()
        await asyncio.wait({working, *watching}, timeout=_SETTLE_S)


async def cancel_thread(pool: Pool, thread_id: str, *, reason: str | None = None, wait_s: float = 0.0) -> StoredRun:
    """Cancel a run, whoever drives it.

    One that nobody drives is marked at once; the driver of another sees the request at its next heartbeat, within a
    third of its lease's time. A run that has ended stays as it is.

    Args:
        pool: A pool of the migrated database.
        thread_id: The thread.
        reason: Kept with the run.
        wait_s: Seconds to wait for its driver to stop.

    Returns:
        The run as it stands then: still `running` when its driver has not stopped in time.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        ConfigurationError: `wait_s` has no end, or `reason` is no text.
        ThreadBusyError: drivers come and go too fast to be asked.
        DatabaseError: the database cannot be used.
    """
    return await _request(pool, thread_id, "cancel", reason, wait_s)


async def drain_thread(pool: Pool, thread_id: str, *, reason: str | None = None, wait_s: float = 0.0) -> StoredRun:
    """Ask the driver of a run to stop soon, with what is finished kept; the run is `interrupted` then.

    A run that nobody drives stays as it is. Arguments, result and errors are those of `cancel_thread`.
    """
    return await _request(pool, thread_id, "drain", reason, wait_s)


async def _request(pool: Pool, thread_id: str, request: Request, reason: str | None, wait_s: float) -> StoredRun:
    check_seconds("wait_s", wait_s)
    check_reason(reason)
    for _ in range(_ATTEMPTS):
        stored = await get_run(pool, thread_id)
        if stored.ended or (request == "drain" and not stored.live):
            return stored
        if stored.live:
            if await ask_driver(pool, thread_id, request, reason):
                return await _stopped(pool, thread_id, wait_s)
        elif await _marked(pool, thread_id, reason):
            return await get_run(pool, thread_id)
        await asyncio.sleep(_PAUSE_S)
    raise ThreadBusyError(thread_id, "several drivers that keep taking it from one another", 0.0)


async def _marked(pool: Pool, thread_id: str, reason: str | None) -> bool:
    """Mark a run cancelled that nobody drives; False when somebody does by now."""
    try:
        async with hold_lease(pool, thread_id) as lease:
            if not (await get_run(pool, thread_id)).ended:
                await record_end(pool, thread_id, "cancelled", reason=reason, token=lease.token)
            return True
    except ThreadBusyError:
        return False


async def _stopped(pool: Pool, thread_id: str, wait_s: float) -> StoredRun:
    """The run once nobody drives it any more, or as it stands when the time is up."""
    stored = await get_run(pool, thread_id)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            while stored.live:
                await asyncio.sleep(_PAUSE_S)
                stored = await get_run(pool, thread_id)
    return stored


async def _pass_on(lease: Lease, run: Run) -> None:
    """Do to the run what others ask of its driver. A request to cancel may follow one to drain."""
    while True:
        await lease.request.wait()
        lease.request.clear()
        if lease.asked == "cancel":
            run.cut()
        elif lease.asked == "drain":
            run.drain("asked by another process")


async def _broken_off(working: asyncio.Task[None]) -> bool:
    """Whether the work had to be broken off. What its end raises then is no news to whoever has cancelled the run."""
    if working.done():
        await working
        return False
    working.cancel()
    await asyncio.wait({working}, timeout=_SETTLE_S)
    if working.done() and not working.cancelled() and (error := working.exception()) is not None:
        logger.warning("a run was cancelled while it failed: %r", error)
    return True
