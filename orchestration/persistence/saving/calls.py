"""Calls of the saver that wait to be written, and which of them are written together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from langgraph_quorum.orchestration.persistence.saving.rows import Rows
from langgraph_quorum.orchestration.persistence.saving.transaction import Fence
from langgraph_quorum.orchestration.persistence.saving.weight import Known, Weight

BATCH_CALLS = 1024
"""Calls in one transaction, at most."""
BATCH_BYTES = 8 * 2**20
"""Bytes in one transaction, at most; a call that is larger is written alone."""
_NOTHING = Known(light=True)


@dataclass(slots=True, eq=False)
class Call:
    """What one caller has handed over.

    Attributes:
        thread_id: Calls of one thread are written in the order they were made.
        fence: The lease that must still be held.
        make: Makes its rows.
        weight: By which it is judged how long that takes.
        arrived: When it was handed over, by the event loop's clock.
        rows: Once they are made.
        fault: Why they could not be.
    """

    thread_id: str
    fence: Fence | None
    make: Callable[[], Rows]
    weight: Weight
    arrived: float = 0.0
    rows: Rows | None = None
    fault: Exception | None = None
    _ended: bool = False
    _error: BaseException | None = None
    _told: asyncio.Future[None] | None = None

    def encode(self) -> None:
        """Make its rows; in any thread."""
        try:
            self.rows = self.make()
        except Exception as error:  # noqa: BLE001 - handed to whoever called
            self.fault = error
        self.make, self.weight = Rows, _NOTHING  # what they were made of may go

    @property
    def to_store(self) -> tuple[Fence | None, Rows]:
        """Its rows, with the lease they are written under."""
        return self.fence, self.rows or Rows()

    @property
    def is_checkpoint(self) -> bool:
        """Whether a checkpoint is among its rows."""
        return self.rows is not None and self.rows.checkpoint is not None

    async def stored(self) -> None:
        """Wait until it is durable; for one caller. A call often is when its caller comes to wait.

        Raises:
            BaseException: What it ended with.
        """
        if not self._ended:
            self._told = asyncio.get_running_loop().create_future()
            await self._told
        elif self._error is not None:
            raise self._error

    def end(self, error: BaseException | None = None) -> None:
        """Tell whoever waits, unless nobody does any more; once. On the event loop only."""
        if self._ended:
            return
        self._ended, self._error = True, error
        told = self._told
        if told is None or told.done():
            return
        if error is None:
            told.set_result(None)
        elif isinstance(error, asyncio.CancelledError):
            told.cancel()
        else:
            told.set_exception(error)


@dataclass(slots=True)
class Queue:
    """Calls in the order they were made."""

    _waiting: list[Call] = field(default_factory=list)
    _taken: set[Call] = field(default_factory=set)

    def __len__(self) -> int:
        """How many have not ended."""
        return len(self._waiting) + len(self._taken)

    @property
    def waiting(self) -> int:
        """How many are not taken yet."""
        return len(self._waiting)

    def add(self, calls: Iterable[Call]) -> None:
        """Put calls at its end."""
        self._waiting += calls

    def take(self) -> tuple[list[Call], list[Call]]:
        """The next batch, and calls that cannot be written at all because of their values.

        A batch holds what is encoded, but nothing of a thread that still waits for something earlier.
        """
        batch: list[Call] = []
        failed: list[Call] = []
        left: list[Call] = []
        held: set[str] = set()
        size = 0
        for position, call in enumerate(self._waiting):
            rows = call.rows
            if call.fault is not None:
                failed.append(call)
            elif rows is None or call.thread_id in held:
                held.add(call.thread_id)
                left.append(call)
            elif len(batch) == BATCH_CALLS or (batch and size + rows.size_bytes > BATCH_BYTES):
                left += self._waiting[position:]
                break
            else:
                size += rows.size_bytes
                batch.append(call)
        self._waiting = left
        self._taken.update(batch, failed)
        return batch, failed

    def drop(self, calls: Sequence[Call]) -> None:
        """They have ended."""
        self._taken.difference_update(calls)

    def clear(self) -> list[Call]:
        """Take out all that have not ended."""
        calls = [*self._taken, *self._waiting]
        self._waiting, self._taken = [], set()
        return calls
