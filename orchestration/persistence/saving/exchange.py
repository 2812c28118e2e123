"""One round trip with the server, for a thread to wait in: for what is too large to be sent from the event loop."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector
from threading import Event, Thread
from typing import Self

from psycopg.pq.abc import PGconn

from langgraph_quorum.orchestration.persistence.saving.pipelined import Pipelined, Statement

# Unlike epoll, these make no system call to be told of a socket. Each would hand the interpreter to another thread, and
# a busy one gives it back after 5 ms.
_Selector: type[BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)
_LOOK_S = 0.1
LARGE_BYTES = 4 * 2**20
"""Arguments of this size are sent at one go. When libpq is not to block, it moves what is left of a message to the
front of its buffer each time the socket has taken some: that grows with the square of the size, to 10 s for 150 MB."""


class StoppedError(Exception):
    """Whoever waited does not wait any more. What was sent may yet be carried out."""


def exchange(
    pgconn: PGconn,
    statements: Sequence[Statement],
    *,
    until: float,
    is_stopped: Callable[[], bool],
    prepared: set[bytes] | None = None,
) -> list[int]:
    """Carry out statements as one transaction.

    Args:
        pgconn: As `Pipelined` has it, and the rest.
        statements: At least one.
        until: When to give up, by `time.monotonic()`.
        is_stopped: Looked at ten times a second while waiting.
        prepared: What the server has prepared.

    Returns:
        For each statement, how many rows it has written or found.

    Raises:
        RefusedError: A statement failed.
        StoppedError: It was stopped; the connection is of no use any more.
        TimeoutError: No answer in time; the connection is of no use any more.
        psycopg.OperationalError: The connection broke; perhaps all was carried out.
    """
    with _Line(pgconn, until, is_stopped) as line:
        return line.carry_out(Pipelined(pgconn, statements, prepared))


class _Line:
    """A connection that is waited for."""

    def __init__(self, pgconn: PGconn, until: float, is_stopped: Callable[[], bool]) -> None:
        self._pgconn, self._until, self._is_stopped = pgconn, until, is_stopped
        self._selector = _Selector()

    def __enter__(self) -> Self:
        self._selector.register(self._pgconn.socket, EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def carry_out(self, pipelined: Pipelined) -> list[int]:
        """Send all, and take all answers."""
        for size, send in pipelined.sends():
            if size < LARGE_BYTES:
                send()
            else:
                self._at_one_go(send)
            self._pgconn.flush()  # the server carries it out while the next one is made
        self._send()
        while not pipelined.take_answers():
            self._wait()
            self._pgconn.consume_input()
        return pipelined.counts()

    def _at_one_go(self, send: Callable[[], None]) -> None:
        """Send, and wait until the server has taken it; libpq lets other threads run meanwhile."""
        self._send()  # what is left would have to be sent by this thread without letting others run
        sent = Event()
        watch = Thread(target=self._break_off_unless, args=(sent,), name="quorum-saving-watch", daemon=True)
        self._pgconn.nonblocking = 0
        watch.start()
        try:
            send()
        finally:
            sent.set()
            watch.join()
        self._check_time()
        self._pgconn.nonblocking = 1

    def _break_off_unless(self, sent: Event) -> None:
        while not sent.wait(_LOOK_S):
            if self._is_stopped() or time.monotonic() >= self._until:
                line = socket.socket(fileno=self._pgconn.socket)
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
                line.detach()  # it is libpq's to close
                return

    def _send(self) -> None:
        if not self._pgconn.flush():
            return
        self._selector.modify(self._pgconn.socket, EVENT_READ | EVENT_WRITE)
        while self._pgconn.flush():
            if self._wait() & EVENT_READ:  # or both sides would wait for the other to read
                self._pgconn.consume_input()
        self._selector.modify(self._pgconn.socket, EVENT_READ)

    def _wait(self) -> int:
        while True:
            for _, events in self._selector.select(min(self._check_time(), _LOOK_S)):
                return events

    def _check_time(self) -> float:
        """Seconds that are left."""
        if self._is_stopped():
            raise StoppedError
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
