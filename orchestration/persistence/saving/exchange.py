"""Statements that go to the server together and are answered together, in one round trip; for a thread to wait in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any, Self, TypeAlias

import psycopg
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from langgraph_quorum.orchestration.persistence.saving.arrays import numbered

Statement: TypeAlias = tuple[bytes, Mapping[str, Sequence[Any]]]
"""SQL, and an array for each of its placeholders."""

_LOOK_S = 0.1
_BROKEN = "the connection broke while checkpoints were being stored"
_DONE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


class RefusedError(Exception):
    """A statement failed, so that nothing was carried out. The connection is ready for the next transaction."""


class StoppedError(Exception):
    """Whoever waited does not wait any more. What was sent may yet be carried out."""


def exchange(pgconn: PGconn, statements: Sequence[Statement], *, until: float, is_stopped: Callable[[], bool]) -> None:
    """Carry out statements as one transaction.

    Args:
        pgconn: Idle, in UTF-8, and nobody else's meanwhile.
        statements: At least one.
        until: When to give up, by `time.monotonic()`.
        is_stopped: Looked at ten times a second while waiting.

    Raises:
        RefusedError: A statement failed.
        StoppedError: It was stopped; the connection is of no use any more.
        TimeoutError: No answer in time; the connection is of no use any more.
        psycopg.OperationalError: The connection broke; perhaps all was carried out.
    """
    with _Line(pgconn, until, is_stopped) as line:
        refused = line.carry_out(statements if len(statements) == 1 else [(b"BEGIN", {}), *statements, (b"COMMIT", {})])
        if pgconn.transaction_status != TransactionStatus.IDLE:
            line.carry_out([(b"ROLLBACK", {})])
    if refused:
        raise RefusedError


class _Line:
    """A connection in pipeline mode."""

    def __init__(self, pgconn: PGconn, until: float, is_stopped: Callable[[], bool]) -> None:
        self._pgconn, self._until, self._is_stopped = pgconn, until, is_stopped
        self._selector = DefaultSelector()

    def __enter__(self) -> Self:
        self._selector.register(self._pgconn.socket, EVENT_READ)
        self._pgconn.enter_pipeline_mode()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._selector.close()
        if kind is None:
            self._pgconn.exit_pipeline_mode()

    def carry_out(self, statements: Sequence[Statement]) -> bool:
        """Send all, and take all answers; gives whether any was an error."""
        for sql, columns in statements:
            statement = numbered(sql)
            arguments = statement.arguments(columns)
            formats = [1] * len(arguments)
            self._pgconn.send_query_params(statement.sql, arguments or None, statement.oids or None, formats or None)
            self._pgconn.flush()  # the server carries it out while the next one is made
        self._pgconn.pipeline_sync()
        self._send()
        done = [self._answer() in _DONE for _ in statements]
        sync = self._next()
        if sync is None or sync.status != ExecStatus.PIPELINE_SYNC:
            raise psycopg.OperationalError(_BROKEN)
        return not all(done)

    def _send(self) -> None:
        self._selector.modify(self._pgconn.socket, EVENT_READ | EVENT_WRITE)
        while self._pgconn.flush():
            if self._wait() & EVENT_READ:  # or both sides would wait for the other to read
                self._pgconn.consume_input()
        self._selector.modify(self._pgconn.socket, EVENT_READ)

    def _answer(self) -> int:
        result = self._next()
        if result is None or self._next() is not None or self._pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError(_BROKEN)
        return result.status

    def _next(self) -> PGresult | None:
        while self._pgconn.is_busy():
            self._wait()
            self._pgconn.consume_input()
        return self._pgconn.get_result()

    def _wait(self) -> int:
        while True:
            if self._is_stopped():
                raise StoppedError
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            for _, events in self._selector.select(min(left, _LOOK_S)):
                return events
