"""Group commit: while one batch is being written, the next one gathers.

A call returns when its own rows are durable. The task that writes exists only while there is something to write. It
lends the writer a connection, and does again, with patience, what went wrong there.
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
from langgraph_quorum.orchestration.persistence.saving.entrance import Entrance
from langgraph_quorum.orchestration.persistence.saving.large_values import doing, named
from langgraph_quorum.orchestration.persistence.saving.patience import PATIENCE_S, is_passing, patiently
from langgraph_quorum.orchestration.persistence.saving.rows import Rows
from langgraph_quorum.orchestration.persistence.saving.statistics import SaverStatistics
from langgraph_quorum.orchestration.persistence.saving.transaction import Fence, Stored, Transactions
from langgraph_quorum.orchestration.persistence.saving.weight import Known, Weight
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
        self._queue = Queue()
        self._writer = Writer(transactions, self._queue, self._tell, self._refuse)
        self._entrance = Entrance(self._queue, self._writer.wake)
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
        weight: Weight,
        hold: Callable[[Callable[[], None]], None] | None = None,
        then: Callable[[], None] | None = None,
    ) -> Call:
        """Write what `make` makes; its `stored` is to be waited for.

        When it is cancelled, the call may have been written, or still be.

        Args:
            thread_id: Calls of one thread are written in the order they were made.
            fence: The lease that must still be held.
            make: Called on the event loop together with others', or in a thread.
            weight: Whether making takes less time than asking a thread.
            hold: Takes what enters the call into the queue, and calls it when it is time; by default it is now.
            then: Called once it is in the queue.

        Raises:
            LeaseLostError: The lease is not held any more; nothing of this call was written.
            ChannelValueError: A value cannot be stored; nothing of this call was written.
            DatabaseError: The database did not answer within a minute, or could not take a large value, which is named.
            psycopg.Error: The database refuses, or stayed away for 30 seconds.
        """
        call = Call(thread_id, fence, make, weight)
        if hold is None:
            self._enter(call)
        else:
            hold(partial(self._enter, call))
        if then is not None:
            then()
        return call

    def _enter(self, call: Call) -> None:
        self._calls += 1
        self._entrance.add(call)
        if self._task is None or self._task.done():
            # Its own context: the task outlives the call that happens to start it.
            self._task = asyncio.get_running_loop().create_task(self._work(), name="quorum:saving", context=Context())
            self._task.add_done_callback(self._abandon)

    def close(self) -> None:
        """Write nothing more that has to be encoded in a thread."""
        self._entrance.encoder.close()
        self._writer.close()

    def make_way(self) -> None:
        """Give the connection back that is kept for what may follow, unless something is being written."""
        self._writer.make_way()

    async def leave(self) -> None:
        """Give the connection back that is kept for what may follow; for a pool that closes."""
        self._writer.hurry()
        task = self._task
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            await asyncio.wait({task}, timeout=_LEAVE_S)

    async def settle(self, thread_id: str) -> None:
        """Wait until what was handed over for a thread, by cancelled calls too, is written or has failed."""
        with suppress(psycopg.Error, QuorumError):  # told to those who wait for it
            await self.commit(thread_id, None, Rows, weight=Known(light=True)).stored()

    @property
    def statistics(self) -> SaverStatistics:
        """Counts up to now."""
        return replace(self._done, calls=self._calls, waiting=len(self._entrance) + len(self._queue))

    async def _work(self) -> None:
        try:
            while self._entrance or self._queue.waiting:
                self._entrance.hand_over()
                batch = await self._write_in_turn()
                if batch:
                    await self._write(batch)
                elif self._entrance.encoder.is_busy:
                    await self._entrance.encoder.progress()
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
        for call in (*self._queue.clear(), *self._entrance.clear()):
            call.end(error)

    async def _write_in_turn(self) -> Sequence[Call]:
        """Write what is ready; gives the batch that has to be written with patience."""
        if not self._writer.is_fit:
            return self._take()
        try:
            left = await self._writer.drain()
        except psycopg.Error:  # no connection after all
            return self._take()
        if left is None:
            return ()
        if isinstance(left.error, TimeoutError):
            self._end(left.batch, query_fault(left.error, doing(left.batch)))
            return ()
        if left.error is not None and is_passing(left.error):
            self._count_retry()
        return left.batch

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
            call.end(call.fault)

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
        # The next checkpoint of a run is handed over when the one before is stored; nobody waits for the others so.
        ahead = [call for call in batch if call.is_checkpoint]
        for call in (*ahead, *batch) if ahead else batch:
            if call.fence in stored.lost:
                message = f"thread {call.thread_id!r} has been taken over by another driver: nothing was written"
                call.end(LeaseLostError(message))
            else:
                call.end()
