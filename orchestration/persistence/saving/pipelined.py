"""Statements that go to the server together and are answered together, in one round trip. Nothing here waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import psycopg
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn

from langgraph_quorum.orchestration.persistence.saving.arrays import numbered

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


class Pipelined:
    """Statements carried out as one transaction, which is what the server makes of all that is sent together.

    Args:
        pgconn: Idle, in UTF-8, not blocking, and nobody else's meanwhile.
        statements: At least one; none begins or ends a transaction.
        prepared: Names of the statements that the server has prepared on this connection; those that are steady are
            added. After an error nobody knows which it has. None prepares nothing.
    """

    def __init__(self, pgconn: PGconn, statements: Sequence[Statement], prepared: set[bytes] | None) -> None:
        self._pgconn, self._statements, self._prepared = pgconn, statements, prepared
        self._new: set[bytes] = set()
        self._is_counted: list[bool] = []
        self._answers: list[int | None] = []
        self._is_between = False

    def sends(self) -> Iterator[tuple[int, Callable[[], None]]]:
        """What hands each statement to libpq, with the bytes of its arguments; to be called in order, and all.

        Raises:
            psycopg.OperationalError: The connection is broken.
        """
        pgconn = self._pgconn
        pgconn.enter_pipeline_mode()
        for sql, columns, is_steady in self._statements:
            statement = numbered(sql)
            arguments = statement.arguments(columns)
            oids, formats = statement.oids, [1] * len(arguments)
            if self._prepared is None or not is_steady:
                send = partial(pgconn.send_query_params, statement.sql, arguments or None, oids or None, formats)
            else:
                if statement.name not in self._prepared and statement.name not in self._new:
                    self._new.add(statement.name)
                    pgconn.send_prepare(statement.name, statement.sql, oids)
                    self._is_counted.append(False)
                send = partial(pgconn.send_query_prepared, statement.name, arguments, formats)
            self._is_counted.append(True)
            yield sum(map(len, filter(None, arguments))), send
        pgconn.pipeline_sync()

    def take_answers(self) -> bool:
        """Take the answers that have been read from the socket; whether those are all.

        Raises:
            psycopg.OperationalError: The connection broke; perhaps all was carried out.
        """
        while not self._pgconn.is_busy():
            result = self._pgconn.get_result()
            if self._pgconn.status != ConnStatus.OK or (result is None) != self._is_between:
                raise psycopg.OperationalError(_BROKEN)
            if result is None:
                self._is_between = False
            elif len(self._answers) < len(self._is_counted):
                self._answers.append((result.command_tuples or 0) if result.status in _DONE else None)
                self._is_between = True
            elif result.status != ExecStatus.PIPELINE_SYNC:
                raise psycopg.OperationalError(_BROKEN)
            else:
                return True
        return False

    def counts(self) -> list[int]:
        """For each statement, how many rows it has written or found, once all answers were taken.

        Raises:
            RefusedError: A statement failed.
        """
        self._pgconn.exit_pipeline_mode()
        if None in self._answers:
            raise RefusedError
        if self._prepared is not None:
            self._prepared |= self._new
        found = zip(self._answers, self._is_counted, strict=True)
        return [answer or 0 for answer, is_counted in found if is_counted]
