"""Group commit: while one batch is being written, the next one gathers.

A call returns when its own rows are durable. The task that writes exists only while there is something to write. It
leaves the writing to a thread, and does again, with patience, what went wrong there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import replace
from functools import partial

import psycopg
from psycopg import errors

from langgraph_quorum.orchestration.persistence.faults import query_fault
from langgraph_quorum.orchestration.persistence.saving.calls import Call, Queue
from langgraph_quorum.orchestration.persistence.saving.encoder import Encoder, Encoding
from langgraph_quorum.orchestration.persistence.saving.large_values import doing, named
from langgraph_quorum.orchestration.persistence.saving.patience import PATIENCE_S, is_passing, patiently
from langgraph_quorum.orchestration.persistence.saving.rows import Rows
from langgraph_quorum.orchestration.persistence.saving.statistics import SaverStatistics
from langgraph_quorum.orchestration.persistence.saving.transaction import Fence, Stored, Transactions
from langgraph_quorum.orchestration.persistence.saving.writer import Writer
from langgraph_quorum.state.errors import LeaseLostError, QuorumError

_LEAVE_S = 2.0


class Committer:
    """Writes what many calls bring, many at once.

    Args:
        transactions: Write a batch.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._entering: list[Call] = []
        self._queue = Queue()
        self._writer = Writer(transactions, self._queue, self._tell, self._refuse)
        self._encoder = Encoder(self._writer.wake)
        self._task: asyncio.Task[None] | None = None
        self._calls = 0
        self._done = SaverStatistics()
        transactions.pool.register_guest(self)

    def commit(
        self,
        thread_id: str,
        fence: Fence | None,
        make: Callable[[], Rows],
        *,
        light: bool,
        hold: Callable[[Callable[[], None]], None] | None = None,
        then: Callable[[], None] | None = None,
    ) -> asyncio.Future[None]:
        """Write what `make` makes; what it gives is to be waited for, and is done when that is durable.

        When it is cancelled, the call may have been written, or still be.

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
            DatabaseError: The database did not answer within a minute, or could not take a large value, which is named.
            psycopg.Error: The database refuses, or stayed away for 30 seconds.
        """
        loop = asyncio.get_running_loop()
        call = Call(thread_id, fence, Encoding(make), loop.time(), loop.create_future())
        if light:
            call.encoding.run()
        if hold is None:
            self._enter(call)
        else:
            hold(partial(self._enter, call))
        if then is not None:
            then()
        return call.done

    def _enter(self, call: Call) -> None:
        if not call.encoding.ended:
            self._encoder.submit(call.encoding)
        self._calls += 1
        loop = call.done.get_loop()
        if not self._entering:  # what else enters in this turn of the loop comes along
            loop.call_soon(self._hand_over, context=Context())
        self._entering.append(call)
        if self._task is None or self._task.done():
            # Its own context: the task outlives the call that happens to start it.
            self._task = loop.create_task(self._work(), name="quorum:saving", context=Context())
            self._task.add_done_callback(self._abandon)

    def _hand_over(self) -> None:
        self._queue.add(self._entering)
        self._entering = []
        self._writer.wake()

    def close(self) -> None:
        """Write nothing more that has to be encoded in a thread."""
        self._encoder.close()
        self._writer.close()

    async def leave(self) -> None:
        """Give the connection back that is kept for what may follow; for a pool that closes."""
        self._writer.hurry()
        task = self._task
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            await asyncio.wait({task}, timeout=_LEAVE_S)

    async def settle(self, thread_id: str) -> None:
        """Wait until what was handed over for a thread, by cancelled calls too, is written or has failed."""
        with suppress(psycopg.Error, QuorumError):  # told to those who wait for it
            await self.commit(thread_id, None, Rows, light=True)

    @property
    def statistics(self) -> SaverStatistics:
        """Counts up to now."""
        return replace(self._done, calls=self._calls, waiting=len(self._entering) + len(self._queue))

    async def _work(self) -> None:
        try:
            while self._entering or self._queue.has_waiting:
                self._hand_over()
                batch = await self._write_from_thread()
                if batch:
                    await self._write(batch)
                elif self._encoder.is_busy:
                    await self._encoder.progress()
        except BaseException as error:
            self._end_all(error)
            raise
        finally:
            self._task = None

    def _abandon(self, task: asyncio.Task[None]) -> None:
        """End those who wait for a task that was cancelled before its first step."""
        if task is self._task:
            self._task = None
            self._end_all(asyncio.CancelledError())

    def _end_all(self, error: BaseException) -> None:
        for call in (*self._queue.clear(), *self._entering):
            call.end(error)
        self._entering = []

    async def _write_from_thread(self) -> Sequence[Call]:
        """Write what is ready; gives the batch that has to be written on the loop."""
        if not self._writer.is_fit:
            return self._take()
        try:
            failed = await self._writer.drain()
        except psycopg.Error:  # no connection after all
            return self._take()
        if failed is None:
            return ()
        if isinstance(failed.error, TimeoutError):
            self._end(failed.batch, query_fault(failed.error, doing(failed.batch)))
            return ()
        if is_passing(failed.error):
            self._count_retry()
        return failed.batch

    def _take(self) -> Sequence[Call]:
        batch, refused = self._queue.take()
        self._refuse(refused)
        return batch

    async def _write(self, batch: Sequence[Call]) -> None:
        """Write a batch; when a value is at fault, in halves, so that in the end it fails alone."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            stored = await self._store(batch, patience_s=batch[-1].arrived + PATIENCE_S - started)
        except (psycopg.DataError, errors.ProgramLimitExceeded, errors.IntegrityError, UnicodeError) as error:
            if len(batch) == 1:
                self._end(batch, named(error, batch))
                return
            middle = len(batch) // 2
            await self._write(batch[:middle])
            await self._write(batch[middle:])
        except Exception as error:  # noqa: BLE001 - handed to whoever called
            self._end(batch, named(error, batch))
        else:
            self._tell(batch, stored, loop.time() - started)

    async def _store(self, batch: Sequence[Call], *, patience_s: float) -> Stored:
        rows = [call.to_store for call in batch]
        return await patiently(
            doing(batch), lambda: self._transactions.store(rows), patience_s=patience_s, on_retry=self._count_retry
        )

    def _count_retry(self) -> None:
        self._done = replace(self._done, retries=self._done.retries + 1)

    def _end(self, batch: Sequence[Call], error: BaseException) -> None:
        self._queue.drop(batch)
        for call in batch:
            call.end(error)

    def _refuse(self, calls: Sequence[Call]) -> None:
        self._queue.drop(calls)
        for call in calls:
            call.end(call.encoding.error)

    def _tell(self, batch: Sequence[Call], stored: Stored, seconds: float) -> None:
        self._queue.drop(batch)
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
        for call in sorted(batch, key=_has_followers, reverse=True):
            if call.fence in stored.lost:
                message = f"thread {call.thread_id!r} has been taken over by another driver: nothing was written"
                call.end(LeaseLostError(message))
            else:
                call.end()


def _has_followers(call: Call) -> bool:
    """Whether a step of a run waits for it: the next checkpoint is handed over when the one before is stored."""
    return call.encoding.rows is not None and call.encoding.rows.checkpoint is not None
