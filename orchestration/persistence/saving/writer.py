"""A thread that writes batch after batch while the event loop is busy with other things.

On the loop, a round trip takes several of its turns, and a turn of a thousand branches takes long. In a thread it takes
what the server takes. Whatever goes wrong here is done again on the loop, with patience.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncPipeline
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn

from langgraph_quorum.orchestration.persistence.pool import Connection
from langgraph_quorum.orchestration.persistence.saving.calls import Call, Queue
from langgraph_quorum.orchestration.persistence.saving.exchange import StoppedError
from langgraph_quorum.orchestration.persistence.saving.patience import ATTEMPT_S
from langgraph_quorum.orchestration.persistence.saving.transaction import Stored, Transactions

_LINGER_S = 0.05
"""So long the thread waits for more before it lets go of its connection: a run's next step often follows at once."""
_SHARE_S = 0.5
"""So long it keeps its connection from others who wait for one, while there is more to write."""
_CANCEL_S = 2.0

Tell = Callable[[Sequence[Call], Stored, float], None]


@dataclass(frozen=True, slots=True)
class Failed:
    """A batch that was not written, or perhaps was.

    Attributes:
        batch: In order.
        error: Why.
    """

    batch: Sequence[Call]
    error: Exception


@dataclass(slots=True)
class Writer:
    """Writes what is in a queue.

    Attributes:
        transactions: Write a batch.
        queue: Where batches are taken from.
        written: Told of each batch, with the seconds it took.
        refused: Told of calls whose values cannot be stored.
    """

    transactions: Transactions
    queue: Queue
    written: Tell
    refused: Callable[[Sequence[Call]], None]
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="quorum-saving")
    )
    _is_fit: bool = field(default_factory=AsyncPipeline.is_supported)
    _news: Event = field(default_factory=Event)
    _stop: Event = field(default_factory=Event)
    _linger_s: float = _LINGER_S
    _prepared: WeakKeyDictionary[Connection, set[bytes] | None] = field(default_factory=WeakKeyDictionary)

    def hurry(self) -> None:
        """Wait for no more, from now on."""
        self._linger_s = 0.0
        self.wake()

    def wake(self) -> None:
        """There may be more to take from the queue."""
        self._news.set()

    def close(self) -> None:
        """End the thread, once it is done with what it works on."""
        self._is_fit = False
        self.wake()
        self._thread.shutdown(wait=False)

    @property
    def is_fit(self) -> bool:
        """Whether it can write now: a connection is free, and speaks as it must."""
        return self._is_fit and self.transactions.pool.has_idle

    async def drain(self) -> Failed | None:
        """Write until nothing is ready any more, or a batch fails.

        Raises:
            psycopg.Error: There is no connection.
        """
        async with self.transactions.pool.trusted_connection() as connection:
            if connection.info.encoding != "utf-8":
                self._is_fit = False
            if not self._is_fit:  # or was closed while it waited for the connection
                return None
            failed = await self._drain_on(connection)
            if failed is not None:
                self._prepared[connection] = None
            return failed

    async def _drain_on(self, connection: Connection) -> Failed | None:
        self._stop.clear()
        loop = asyncio.get_running_loop()
        prepared = self._prepared_on(connection)
        job = loop.run_in_executor(self._thread, self._work, connection.pgconn, prepared, loop)
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            self._stop.set()
            self._news.set()
            while not job.done():  # it holds the connection; it looks ten times a second whether to stop
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({job})
            raise
        finally:
            if connection.pgconn.transaction_status != TransactionStatus.IDLE:
                await _discard(connection)

    def _prepared_on(self, connection: Connection) -> set[bytes] | None:
        """What is prepared there; None behind a pooler, or when a batch has failed there and so nobody knows."""
        if self.transactions.pool.settings.preset != "direct":
            return None
        return self._prepared.setdefault(connection, set())

    def _work(self, pgconn: PGconn, prepared: set[bytes] | None, loop: asyncio.AbstractEventLoop) -> Failed | None:
        shared_from = time.monotonic() + _SHARE_S
        while True:
            self._news.clear()
            batch, refused = self.queue.take()
            if refused:
                loop.call_soon_threadsafe(self.refused, refused)
            if batch:
                began = time.monotonic()
                try:
                    stored = self.transactions.store_from_thread(
                        pgconn,
                        [call.to_store for call in batch],
                        until=began + ATTEMPT_S,
                        is_stopped=self._stop.is_set,
                        prepared=prepared,
                    )
                except StoppedError:
                    return None
                except Exception as error:  # noqa: BLE001 - handed to whoever tries again
                    return Failed(batch, error)
                loop.call_soon_threadsafe(self.written, batch, stored, time.monotonic() - began)
                if time.monotonic() >= shared_from and self.transactions.pool.is_waited_for:
                    return None
            elif self._is_to_let_go() or not self._news.wait(self._linger_s) or self._stop.is_set():
                return None

    def _is_to_let_go(self) -> bool:
        """Whether there is nothing to wait for, and others need the connection or it is all over."""
        return not self.queue.has_waiting and not self.is_fit


async def _discard(connection: Connection) -> None:
    """Let the server know that nobody waits any more, and do not use the connection again."""
    with suppress(psycopg.Error):
        if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
            await connection.cancel_safe(timeout=_CANCEL_S)
    await connection.close()
