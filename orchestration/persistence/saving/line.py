"""A connection that the event loop writes on without a task: begun at once, and carried on whenever there is time.

A thread would have to ask a busy loop for the interpreter at every step, and get it after 5 ms each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from psycopg.pq.abc import PGconn

from langgraph_quorum.orchestration.persistence.saving.pipelined import Pipelined, Statement


class Line:
    """A connection, from when it is borrowed until it is given back.

    Args:
        pgconn: As `Pipelined` has it.
        prepared: Likewise.
        is_ready: Called when the socket is ready, so that `answers` may be asked.
    """

    def __init__(self, pgconn: PGconn, prepared: set[bytes] | None, is_ready: Callable[[], None]) -> None:
        self._pgconn, self._prepared, self._is_ready = pgconn, prepared, is_ready
        self._loop = asyncio.get_running_loop()
        self._socket = pgconn.socket
        self._under_way: Pipelined | None = None
        self._is_sending = False
        self._is_closed = False
        self._loop.add_reader(self._socket, is_ready)

    @property
    def is_busy(self) -> bool:
        """Whether an exchange is under way."""
        return self._under_way is not None

    def begin(self, statements: Sequence[Statement]) -> None:
        """Send statements, as far as the socket takes them now.

        Args:
            statements: At least one.

        Raises:
            psycopg.OperationalError: The connection is broken.
        """
        self._under_way = Pipelined(self._pgconn, statements, self._prepared)
        for _, send in self._under_way.sends():
            send()
            self._pgconn.flush()  # the server carries it out while the next one is made
        self._send()

    def answers(self) -> list[int] | None:
        """Send more, and take what was answered: how many rows each statement has written, or None for not yet.

        Raises:
            RefusedError: A statement failed, and nothing was written.
            psycopg.OperationalError: The connection broke; perhaps all was carried out.
        """
        if self._is_sending:
            self._send()
        self._pgconn.consume_input()
        if self._under_way is None or not self._under_way.take_answers():
            return None
        ended, self._under_way = self._under_way, None
        return ended.counts()

    def close(self) -> None:
        """Leave the connection alone, whatever is under way."""
        self._under_way = None
        if not self._is_closed:  # once, and at once: the number of a broken connection's socket is soon another's
            self._is_closed = True
            self._loop.remove_reader(self._socket)
            self._stop_sending()

    def _send(self) -> None:
        if not self._pgconn.flush():
            self._stop_sending()
        elif not self._is_sending:
            self._is_sending = True
            self._loop.add_writer(self._socket, self._is_ready)

    def _stop_sending(self) -> None:
        if self._is_sending:
            self._is_sending = False
            self._loop.remove_writer(self._socket)
