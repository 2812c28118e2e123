"""Calls of the saver that wait to be written, and which of them are written together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from langgraph_quorum.orchestration.persistence.saving.encoder import Encoding
from langgraph_quorum.orchestration.persistence.saving.rows import Rows
from langgraph_quorum.orchestration.persistence.saving.transaction import Fence

BATCH_CALLS = 1024
"""Calls in one transaction, at most."""
BATCH_BYTES = 8 * 2**20
"""Bytes in one transaction, at most; a call that is larger is written alone."""


@dataclass(slots=True, eq=False)
class Call:
    """What one caller has handed over.

    Attributes:
        thread_id: Calls of one thread are written in the order they were made.
        fence: The lease that must still be held.
        encoding: Its rows.
        arrived: When, by the event loop's clock.
        done: The caller waits for it.
    """

    thread_id: str
    fence: Fence | None
    encoding: Encoding
    arrived: float
    done: asyncio.Future[None]

    @property
    def to_store(self) -> tuple[Fence | None, Rows]:
        """Its rows, with the lease they are written under."""
        return self.fence, self.encoding.rows or Rows()

    def end(self, error: BaseException | None = None) -> None:
        """Tell whoever waits, unless nobody does any more. On the event loop only."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        elif isinstance(error, asyncio.CancelledError):
            self.done.cancel()
        else:
            self.done.set_exception(error)


@dataclass(slots=True)
class Queue:
    """Calls in the order they were made. Its methods may be used from any thread."""

    _waiting: list[Call] = field(default_factory=list)
    _taken: set[Call] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def __len__(self) -> int:
        """How many have not ended."""
        with self._lock:
            return len(self._waiting) + len(self._taken)

    @property
    def has_waiting(self) -> bool:
        """Whether any is not taken yet."""
        return bool(self._waiting)

    def add(self, calls: Iterable[Call]) -> None:
        """Put calls at its end."""
        with self._lock:
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
        with self._lock:
            for position, call in enumerate(self._waiting):
                rows = call.encoding.rows
                if call.encoding.error is not None:
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
        with self._lock:
            self._taken.difference_update(calls)

    def clear(self) -> list[Call]:
        """Take out all that have not ended."""
        with self._lock:
            calls = [*self._taken, *self._waiting]
            self._waiting, self._taken = [], set()
        return calls
