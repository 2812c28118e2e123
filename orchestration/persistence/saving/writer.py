"""Writes batch after batch on one connection, each the moment the one before is stored.

Whatever goes wrong here is done again elsewhere, with patience.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncPipeline
from psycopg.pq import TransactionStatus

from langgraph_quorum.orchestration.persistence.pool import Connection
from langgraph_quorum.orchestration.persistence.saving.aside import is_fit_again
from langgraph_quorum.orchestration.persistence.saving.calls import Call, Queue
from langgraph_quorum.orchestration.persistence.saving.line import Line
from langgraph_quorum.orchestration.persistence.saving.patience import ATTEMPT_S
from langgraph_quorum.orchestration.persistence.saving.transaction import ASIDE_BYTES, Prepared, Stored, Transactions

_LINGER_S = 0.2
"""So long it waits for more before it lets go of its connection: a run's next step often follows at once."""
_SHARE_S = 0.5
"""So long it keeps its connection from others who wait for one, while there is more to write."""
_LOOK_S = 0.025
"""So often it looks at the clock."""
_CANCEL_S = 2.0

Tell = Callable[[Sequence[Call], Stored, float], None]


@dataclass(frozen=True, slots=True)
class Left:
    """A batch that was not written, or perhaps was.

    Attributes:
        batch: In order.
        error: Why; None when it was not tried, since it is large.
    """

    batch: Sequence[Call]
    error: Exception | None


@dataclass(slots=True)
class Writer:
    """Writes what is in a queue, while it has a connection. On the event loop only.

    Attributes:
        transactions: Write a batch.
        queue: Where batches are taken from.
        written: Told of each batch, with the seconds it took.
        refused: Told of calls whose values cannot be stored.
        linger_s: How long it waits for more.
        is_open: Whether it can write at all: it is not closed, and connections speak as they must.
    """

    transactions: Transactions
    queue: Queue
    written: Tell
    refused: Callable[[Sequence[Call]], None]
    linger_s: float = _LINGER_S
    is_open: bool = field(default_factory=AsyncPipeline.is_supported)
    _turn: _Turn | None = None
    _prepared: WeakKeyDictionary[Connection, set[bytes] | None] = field(default_factory=WeakKeyDictionary)

    def hurry(self) -> None:
        """Wait for no more, from now on."""
        self.linger_s = 0.0
        self.wake()

    def wake(self, at_least: int = 1) -> None:
        """There may be more to take from the queue; so many calls, or nothing is begun."""
        if self._turn is not None:
            self._turn.go_on(at_least)

    def make_way(self) -> None:
        """Give the connection back, unless something is being written."""
        if self._turn is not None:
            self._turn.make_way()

    def close(self) -> None:
        """Give the connection back, once what it works on is done."""
        self.is_open = False
        self.wake()

    @property
    def is_fit(self) -> bool:
        """Whether it can write now, for a connection is free."""
        return self.is_open and self.transactions.pool.has_idle

    async def drain(self) -> Left | None:
        """Write until nothing is ready any more, or a batch is left.

        Raises:
            psycopg.Error: There is no connection.
        """
        async with self.transactions.pool.trusted_connection() as connection:
            if connection.info.encoding != "utf-8":
                self.is_open = False
            if not self.is_open:  # or was closed while it waited for the connection
                return None
            self._turn = turn = _Turn(self, connection, self._prepared_on(connection))
            try:
                turn.go_on()
                left = await turn.over
            finally:
                self._turn = None
                turn.close()
                if not is_fit_again(connection):
                    await _discard(connection)
            if left is not None and left.error is not None:
                self._prepared[connection] = None
            return left

    def _prepared_on(self, connection: Connection) -> set[bytes] | None:
        """What is prepared there; None behind a pooler, or when a batch has failed there and so nobody knows."""
        if self.transactions.pool.settings.preset != "direct":
            return None
        return self._prepared.setdefault(connection, set())


class _Turn:
    """From when the writer has a connection until it gives it back.

    Attributes:
        over: When it gives it back, with what it leaves.
    """

    def __init__(self, writer: Writer, connection: Connection, prepared: set[bytes] | None) -> None:
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._line = Line(connection.pgconn, prepared, self.go_on)
        self._shared_from = self._loop.time() + _SHARE_S
        self._batch: Sequence[Call] = ()
        self._sent: Prepared | None = None
        self._began = 0.0
        self._rested_at: float | None = None
        self._timer = self._loop.call_later(_LOOK_S, self._look)
        self.over: asyncio.Future[Left | None] = self._loop.create_future()

    def go_on(self, at_least: int = 1) -> None:
        """Take what was answered; when the batch is stored, begin the next one if it is so many calls."""
        try:
            while not self.over.done() and self._is_free() and self._is_begun(at_least):
                pass
        except Exception as error:
            if not self._batch and not isinstance(error, psycopg.Error):
                raise
            self._end(Left(self._batch, error) if self._batch else None)  # for whoever tries again

    def make_way(self) -> None:
        """Give the connection back, unless something is being written or about to be."""
        if self._sent is None and not self._writer.queue.waiting:
            self._end(None)

    def close(self) -> None:
        """Leave the connection alone."""
        self._line.close()
        self._timer.cancel()

    def _is_free(self) -> bool:
        """Whether the next batch may be begun."""
        counts = self._line.answers()
        if self._sent is None:
            return True
        if counts is None:
            return False
        sent, batch = self._sent, self._batch
        self._sent, self._batch = None, ()
        self._writer.transactions.note(sent, counts)
        self._writer.written(batch, sent.stored, self._loop.time() - self._began)
        if self._loop.time() >= self._shared_from and self._writer.transactions.pool.is_waited_for:
            self._end(None)
        return not self.over.done()

    def _is_begun(self, at_least: int) -> bool:
        """Whether a batch was begun that needs no answer, so that the next one may be."""
        batch, refused = self._writer.queue.take() if self._writer.queue.waiting >= at_least else ([], [])
        if refused:
            self._writer.refused(refused)
        if not batch:
            self._rest()
            return False
        calls = [call.to_store for call in batch]
        if sum(rows.size_bytes for _, rows in calls) >= ASIDE_BYTES:
            self._end(Left(batch, None))
            return False
        self._batch, self._rested_at, self._began = batch, None, self._loop.time()
        prepared = self._writer.transactions.prepare(calls)
        if not prepared.statements:
            self._batch = ()
            self._writer.written(batch, prepared.stored, 0.0)
            return True
        self._sent = prepared
        self._line.begin(prepared.statements)
        return False

    def _rest(self) -> None:
        """Wait for more, unless there is nothing to wait for and others need the connection, or it is all over."""
        writer = self._writer
        is_kept = writer.linger_s and writer.is_open and not writer.transactions.pool.is_waited_for
        if not (writer.queue.waiting or is_kept):
            self._end(None)
        elif self._rested_at is None:
            self._rested_at = self._loop.time()

    def _look(self) -> None:
        """See whether the server takes too long, or nothing more has come."""
        now = self._loop.time()
        if self._sent is not None and now >= self._began + ATTEMPT_S:
            self._end(Left(self._batch, TimeoutError()))
        elif self._rested_at is not None and now >= self._rested_at + self._writer.linger_s:
            self._end(None)
        else:
            self._timer = self._loop.call_later(_LOOK_S, self._look)

    def _end(self, left: Left | None) -> None:
        if not self.over.done():
            self._line.close()
            self.over.set_result(left)


async def _discard(connection: Connection) -> None:
    """Let the server know that nobody waits any more, and do not use the connection again."""
    with suppress(psycopg.Error):
        if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
            await connection.cancel_safe(timeout=_CANCEL_S)
    await connection.close()
