"""Group commit: while one batch is being written, the next one gathers.

A call returns when its own rows are durable. The task that writes exists only while there is something to write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field, replace
from functools import partial

import psycopg
from psycopg import errors

from langgraph_quorum.orchestration.persistence.saving.encoder import Encoder, Encoding
from langgraph_quorum.orchestration.persistence.saving.patience import PATIENCE_S, patiently
from langgraph_quorum.orchestration.persistence.saving.rows import Rows
from langgraph_quorum.orchestration.persistence.saving.statistics import SaverStatistics
from langgraph_quorum.orchestration.persistence.saving.transaction import Fence, Stored, Transactions
from langgraph_quorum.state.errors import LeaseLostError, QuorumError

BATCH_CALLS = 256
"""Calls in one transaction, at most."""
BATCH_BYTES = 8 * 2**20
"""Bytes in one transaction, at most; a call that is larger is written alone."""

_DOING = "storing checkpoints"


@dataclass(slots=True, eq=False)
class _Call:
    thread_id: str
    fence: Fence | None
    encoding: Encoding
    arrived: float
    done: asyncio.Future[None]

    def end(self, error: BaseException | None = None) -> None:
        """Tell whoever waits, unless nobody does any more."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        elif isinstance(error, asyncio.CancelledError):
            self.done.cancel()
        else:
            self.done.set_exception(error)


@dataclass(slots=True)
class Committer:
    """Writes what many calls bring, many at once.

    Attributes:
        transactions: Write a batch.
    """

    transactions: Transactions
    _encoder: Encoder = field(default_factory=Encoder)
    _queue: list[_Call] = field(default_factory=list)
    _batch: Sequence[_Call] = ()
    _task: asyncio.Task[None] | None = None
    _calls: int = 0
    _done: SaverStatistics = field(default_factory=SaverStatistics)

    async def commit(
        self,
        thread_id: str,
        fence: Fence | None,
        make: Callable[[], Rows],
        *,
        light: bool,
        hold: Callable[[Callable[[], None]], None] | None = None,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Write what `make` makes, and return when it is durable.

        A call that is cancelled may have been written, or still be.

        Args:
            thread_id: Calls of one thread are written in the order they were made.
            fence: The lease that must still be held.
            make: Called at once when `light`, else in a thread.
            light: Whether making takes less time than asking a thread.
            hold: Takes what enters the call into the queue, and calls it when it is time; by default it is now.
            then: Called once it is in the queue.

        Raises:
            LeaseLostError: The lease is not held any more; nothing of this call was written.
            ChannelValueError: A value cannot be stored; nothing of this call was written.
            psycopg.Error: The database refuses, or stayed away for 30 seconds.
        """
        loop = asyncio.get_running_loop()
        call = _Call(thread_id, fence, Encoding(make), loop.time(), loop.create_future())
        if hold is None:
            self._enter(call, light)
        else:
            hold(partial(self._enter, call, light))
        if then is not None:
            then()
        await call.done

    def _enter(self, call: _Call, light: bool) -> None:
        if light:
            call.encoding.run()
        else:
            self._encoder.submit(call.encoding)
        self._queue.append(call)
        self._calls += 1
        if self._task is None or self._task.done():
            # Its own context: the task outlives the call that happens to start it.
            self._task = call.done.get_loop().create_task(self._work(), name="quorum:saving", context=Context())
            self._task.add_done_callback(self._abandon)

    def close(self) -> None:
        """Write nothing more that has to be encoded in a thread."""
        self._encoder.close()

    async def settle(self, thread_id: str) -> None:
        """Wait until what was handed over for a thread, by cancelled calls too, is written or has failed."""
        with suppress(psycopg.Error, QuorumError):  # told to those who wait for it
            await self.commit(thread_id, None, Rows, light=True)

    @property
    def statistics(self) -> SaverStatistics:
        """Counts up to now."""
        return replace(self._done, calls=self._calls, waiting=len(self._queue) + len(self._batch))

    async def _work(self) -> None:
        try:
            await asyncio.sleep(0)  # what else is handed over in this turn of the loop comes along
            while self._queue:
                self._batch = self._take()
                if self._batch:
                    await self._write(self._batch)
                elif self._queue:
                    await self._encoder.progress()
        except BaseException as error:
            for call in (*self._batch, *self._queue):
                call.end(error)
            self._queue = []
            raise
        finally:
            self._batch = ()
            self._task = None

    def _abandon(self, task: asyncio.Task[None]) -> None:
        """End those who wait for a task that was cancelled before its first step."""
        if task is self._task:
            self._task = None
            for call in self._queue:
                call.end(asyncio.CancelledError())
            self._queue = []

    def _take(self) -> list[_Call]:
        """The next batch: what is encoded, but nothing of a thread that still waits for something earlier."""
        batch: list[_Call] = []
        left: list[_Call] = []
        held: set[str] = set()
        size = 0
        for position, call in enumerate(self._queue):
            rows = call.encoding.rows
            if call.encoding.error is not None:
                call.end(call.encoding.error)
            elif rows is None or call.thread_id in held:
                held.add(call.thread_id)
                left.append(call)
            elif len(batch) == BATCH_CALLS or (batch and size + rows.size_bytes > BATCH_BYTES):
                left += self._queue[position:]
                break
            else:
                size += rows.size_bytes
                batch.append(call)
        self._queue = left
        return batch

    async def _write(self, batch: Sequence[_Call]) -> None:
        """Write a batch; when a value is at fault, call by call, so that it fails alone."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            stored = await self._store(batch, patience_s=batch[-1].arrived + PATIENCE_S - started)
        except (psycopg.DataError, errors.ProgramLimitExceeded, errors.IntegrityError, UnicodeError) as error:
            if len(batch) == 1:
                batch[0].end(error)
                return
            for call in batch:
                await self._write([call])
        except Exception as error:  # noqa: BLE001 - handed to whoever called
            for call in batch:
                call.end(error)
        else:
            self._tell(batch, stored, loop.time() - started)

    async def _store(self, batch: Sequence[_Call], *, patience_s: float) -> Stored:
        rows = [(call.fence, call.encoding.rows or Rows()) for call in batch]
        return await patiently(
            _DOING, lambda: self.transactions.store(rows), patience_s=patience_s, on_retry=self._count_retry
        )

    def _count_retry(self) -> None:
        self._done = replace(self._done, retries=self._done.retries + 1)

    def _tell(self, batch: Sequence[_Call], stored: Stored, seconds: float) -> None:
        done = self._done
        self._done = replace(
            done,
            flushes=done.flushes + bool(stored.statements),
            statements=done.statements + stored.statements,
            rows=done.rows + stored.rows,
            size_bytes=done.size_bytes + stored.size_bytes,
            largest_batch=max(done.largest_batch, len(batch)),
            flush_s=done.flush_s + seconds,
        )
        for call in batch:
            if call.fence in stored.lost:
                message = f"thread {call.thread_id!r} has been taken over by another driver: nothing was written"
                call.end(LeaseLostError(message))
            else:
                call.end()
