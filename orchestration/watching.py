"""Watching a run from any process: its events, told from what is durable and never from its driver's memory."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from langgraph.checkpoint.base import BaseCheckpointSaver

from langgraph_quorum.orchestration.bounds import check_seconds
from langgraph_quorum.orchestration.events import RunEvent
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.orchestration.persistence.stored_run import readable
from langgraph_quorum.orchestration.run_reader import RunReader
from langgraph_quorum.orchestration.sighting import Sighting, changes
from langgraph_quorum.state.errors import DatabaseError, ThreadNotFoundError

_LEAST_POLL_S = 0.01
_SLOWEST_POLL_S = 5.0

T = TypeVar("T")
Pulse = tuple[str, int] | None


async def watch_thread(
    saver: BaseCheckpointSaver[Any], pool: Pool, thread_id: str, *, poll_s: float = 0.5, outage_s: float = 60.0
) -> AsyncIterator[RunEvent]:
    """The events of a run: what has happened so far, in order, then what happens, until nobody drives it any more.

    The run may be driven by this process or another one, or by none. Each event is given once. The last one is
    `RunEnded`, with the truth as it is stored: a run whose driver was killed ends as `interrupted`, at once on the
    driver's own host, elsewhere when its lease has run out.

    Args:
        saver: Reads the thread.
        pool: The database that the thread is in.
        thread_id: The thread.
        poll_s: Seconds between two looks, from 0.01. A look at a run that stands still takes two short statements.
        outage_s: Seconds that the database may stay away while the run is watched.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread, or it was deleted meanwhile.
        DatabaseError: the database cannot be used, stayed away for too long, or the pool was closed.
        ConfigurationError: `poll_s` or `outage_s` makes no sense.
    """
    check_seconds("poll_s", poll_s, _LEAST_POLL_S)
    check_seconds("outage_s", outage_s)
    sealer = saver.sealer if isinstance(saver, GroupCommitSaver) else None
    watcher = _Watcher(RunReader(saver, pool, thread_id), pool, thread_id, sealer)
    before: Sighting | None = None
    while before is None or not before.over:
        if before is not None and before.complete:
            await asyncio.sleep(poll_s)
        look = functools.partial(watcher.look, before)
        after = await _through_outages(pool, look, poll_s, 0 if before is None else outage_s)
        if after is not None:
            for event in changes(before, after):
                yield event
            before = after


class _Watcher:
    """Reads a run only when something about it has changed."""

    def __init__(self, reader: RunReader, pool: Pool, thread_id: str, sealer: Sealer | None) -> None:
        self._reader, self._pool, self._thread_id, self._sealer = reader, pool, thread_id, sealer
        self._pulse: Pulse = None

    async def look(self, before: Sighting | None) -> Sighting | None:
        """The next sighting; None when nothing has changed."""
        # First: of a run that is over, all is stored by now.
        run = readable(await get_run(self._pool, self._thread_id), self._sealer)
        if before is not None and run.created_at != before.run.created_at:
            raise ThreadNotFoundError(self._thread_id)  # another run has its name by now
        pulse = await self._feel()
        changed = before is None or not before.complete or pulse != self._pulse
        if not changed and run.live:
            return None
        after = await self._reader.read(run, before)
        self._pulse = pulse
        return after

    async def _feel(self) -> Pulse:
        async with borrowed(self._pool, f"watching thread {self._thread_id!r}") as connection:
            cursor = await connection.execute(
                self._pool.statements("watching")["pulse"], {"thread_id": self._thread_id}
            )
            row = await cursor.fetchone()
        return None if row is None else (row["checkpoint_id"], row["writes"])


async def _through_outages(pool: Pool, look: Callable[[], Awaitable[T]], poll_s: float, outage_s: float) -> T:
    """Look, again and again while the database fails, for `outage_s` seconds at most.

    Raises:
        DatabaseError: it has failed for that long, or the pool was closed.
    """
    clock = asyncio.get_running_loop().time
    until, pause = clock() + outage_s, poll_s
    while True:
        try:
            return await look()
        except DatabaseError:
            if pool.closed or clock() + pause > until:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, max(poll_s, _SLOWEST_POLL_S))
