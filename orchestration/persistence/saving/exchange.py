"""Statements that go to the server together and are answered together, in one round trip; for a thread to wait in."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector
from threading import Event, Thread
from typing import Any, NamedTuple, Self

import psycopg
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from langgraph_quorum.orchestration.persistence.saving.arrays import numbered

# Unlike epoll, these make no system call to be told of a socket. Each would hand the interpreter to another thread, and
# a busy one gives it back after 5 ms.
_Selector: type[BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)
_LOOK_S = 0.1
LARGE_BYTES = 4 * 2**20
"""Arguments of this size are sent at one go. When libpq is not to block, it moves what is left of a message to the
front of its buffer each time the socket has taken some: that grows with the square of the size, to 10 s for 150 MB."""
_BROKEN = "the connection broke while checkpoints were being stored"
_DONE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


class Statement(NamedTuple):
    """What is sent.

    Attributes:
        sql: With placeholders as `%(name)b::type[]`, or `%(name)b::type` for a single value.
        columns: An array, or a value, for each of them.
        is_steady: Whether it is carried out in the same way whatever the tables hold, so that its plan may be kept.
    """

    sql: bytes
    columns: Mapping[str, Any]
    is_steady: bool = False


class RefusedError(Exception):
    """A statement failed, so that nothing was carried out. The connection is ready for the next transaction."""


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
    """Carry out statements as one transaction, which is what the server makes of all that is sent together.

    Args:
        pgconn: Idle, in UTF-8, and nobody else's meanwhile.
        statements: At least one; none begins or ends a transaction.
        until: When to give up, by `time.monotonic()`.
        is_stopped: Looked at ten times a second while waiting.
        prepared: Names of the statements that the server has prepared on this connection; those that are steady are
            added. After an error nobody knows which it has. None prepares nothing.

    Returns:
        For each statement, how many rows it has written or found.

    Raises:
        RefusedError: A statement failed.
        StoppedError: It was stopped; the connection is of no use any more.
        TimeoutError: No answer in time; the connection is of no use any more.
        psycopg.OperationalError: The connection broke; perhaps all was carried out.
    """
    with _Line(pgconn, until, is_stopped) as line:
        return line.carry_out(statements, prepared)


class _Line:
    """A connection in pipeline mode."""

    def __init__(self, pgconn: PGconn, until: float, is_stopped: Callable[[], bool]) -> None:
        self._pgconn, self._until, self._is_stopped = pgconn, until, is_stopped
        self._selector = _Selector()

    def __enter__(self) -> Self:
        self._selector.register(self._pgconn.socket, EVENT_READ)
        self._pgconn.enter_pipeline_mode()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._selector.close()
        if kind is None or kind is RefusedError:
            self._pgconn.exit_pipeline_mode()

    def carry_out(self, statements: Sequence[Statement], prepared: set[bytes] | None) -> list[int]:
        """Send all, and take all answers."""
        new: set[bytes] = set()
        is_result: list[bool] = []
        for sql, columns, is_steady in statements:
            statement = numbered(sql)
            arguments = statement.arguments(columns)
            oids, formats = statement.oids, [1] * len(arguments)
            if prepared is None or not is_steady:
                send = partial(self._pgconn.send_query_params, statement.sql, arguments or None, oids or None, formats)
            else:
                if statement.name not in prepared | new:
                    new.add(statement.name)
                    self._pgconn.send_prepare(statement.name, statement.sql, oids)
                    is_result.append(False)
                send = partial(self._pgconn.send_query_prepared, statement.name, arguments, formats)
            if sum(map(len, filter(None, arguments))) < LARGE_BYTES:
                send()
            else:
                self._at_one_go(send)
            is_result.append(True)
            self._pgconn.flush()  # the server carries it out while the next one is made
        self._pgconn.pipeline_sync()
        self._send()
        answers = [self._answer() for _ in is_result]
        sync = self._next()
        if sync is None or sync.status != ExecStatus.PIPELINE_SYNC:
            raise psycopg.OperationalError(_BROKEN)
        if None in answers:
            raise RefusedError
        if prepared is not None:
            prepared |= new
        return [answer or 0 for answer, counts in zip(answers, is_result, strict=True) if counts]

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

    def _answer(self) -> int | None:
        """How many rows there were; None for a statement that was refused, or came after one."""
        result = self._next()
        if result is None or self._next() is not None or self._pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError(_BROKEN)
        return (result.command_tuples or 0) if result.status in _DONE else None

    def _next(self) -> PGresult | None:
        while self._pgconn.is_busy():
            self._wait()
            self._pgconn.consume_input()
        return self._pgconn.get_result()

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
