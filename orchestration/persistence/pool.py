"""The connection pool, set up for long runs: behind poolers, through restarts, and never waiting for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Protocol
from weakref import WeakSet

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from langgraph_quorum.orchestration.persistence.dsn import check_dsn
from langgraph_quorum.orchestration.persistence.faults import connection_fault, database_errors
from langgraph_quorum.orchestration.persistence.living_connections import Connection, LivingPool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.pool_statistics import PoolStatistics
from langgraph_quorum.orchestration.persistence.sessions import check_session, connection_settings
from langgraph_quorum.orchestration.persistence.statements import statements

__all__ = ["Connection", "Guest", "Pool", "borrowed", "open_pool", "patient_connection"]

_CLOSE_S = 5.0
_STATEMENT_S = 15.0

# Reconnecting is the pool's daily work: it is logged for whoever listens, and not printed when nobody does.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class Guest(Protocol):
    """Keeps a connection for a while after it was used."""

    def make_way(self) -> None:
        """Somebody waits for a connection: give it back, unless it is being used."""

    async def leave(self) -> None:
        """Give it back now; bounded in time."""


class Pool(LivingPool):
    """Connections to one database, how they are set up, and the schema that our tables are in."""

    def __init__(self, dsn: str, *, settings: PoolSettings, **kwargs: Any) -> None:
        super().__init__(dsn, **kwargs)
        self.settings: PoolSettings = settings
        self.schema: str = settings.tables_schema
        self._guests: WeakSet[Guest] = WeakSet()

    def register_guest(self, guest: Guest) -> None:
        """Have somebody who keeps a connection for a while asked to leave before the pool closes."""
        self._guests.add(guest)

    async def close(self, timeout: float = _CLOSE_S) -> None:  # noqa: ASYNC109  as the pool has it
        """Let those go who keep a connection for a while, and close."""
        for guest in list(self._guests):
            await guest.leave()
        await super().close(timeout)

    async def getconn(self, timeout: float | None = None) -> Connection:  # noqa: ASYNC109  as the pool has it
        """Take a connection that lives; where none is idle, from those who keep one for a while."""
        if not self.has_idle:
            for guest in list(self._guests):
                guest.make_way()
        return await super().getconn(timeout)

    @property
    def has_idle(self) -> bool:
        """Whether a connection waits to be used."""
        return self.get_stats()["pool_available"] > 0

    def statements(self, subject: str) -> dict[str, bytes]:
        """The statements of `queries/<subject>.sql` for this schema, by name."""
        return statements(subject, self.schema)

    def statistics(self) -> PoolStatistics:
        """How the pool stands."""
        found = self.get_stats()
        return PoolStatistics(
            preset=self.settings.preset,
            max_size=found["pool_max"],
            size=found["pool_size"],
            idle=found["pool_available"],
            waiting=found["requests_waiting"],
            requests=found.get("requests_num", 0),
            requests_waited=found.get("requests_queued", 0),
            waited_s=found.get("requests_wait_ms", 0) / 1000,
            timeouts=found.get("requests_errors", 0),
            used_s=found.get("usage_ms", 0) / 1000,
            connections=found.get("connections_num", 0),
            connections_failed=found.get("connections_errors", 0),
            connections_lost=self.lost,
        )


@asynccontextmanager
async def open_pool(
    dsn: str,
    settings: PoolSettings | None = None,
    *,
    min_size: int | None = None,
    max_size: int | None = None,
    timeout_s: float | None = None,
    schema: str | None = None,
) -> AsyncIterator[Pool]:
    """Open a pool as LangGraph's saver needs it: autocommit, rows as dicts, nothing prepared by psycopg.

    Args:
        dsn: The connection string; what it says itself about timeouts, keepalives and application name is kept.
        settings: Everything else; by default `PoolSettings()`. The environment is not read.
        min_size: In place of the settings' own, as are those below.
        max_size: Connections at most.
        timeout_s: Seconds to wait for the first connection, and later for a free one.
        schema: Where all tables are.

    Raises:
        ConfigurationError: The DSN or a setting makes no sense, or the server says that a connection has another
            schema or tenant than asked for.
        DatabaseError: The server does not answer or refuses. No message holds the password.
    """
    check_dsn(dsn)
    named = {"min_size": min_size, "max_size": max_size, "timeout_s": timeout_s, "schema": schema}
    changes: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    settings = replace(settings or PoolSettings(), **changes)
    kwargs = connection_settings(dsn, settings)
    await _try_out(dsn, settings, kwargs)
    pool = Pool(
        dsn,
        settings=settings,
        kwargs=kwargs,
        min_size=settings.min_size,
        max_size=settings.max_size,
        timeout=settings.timeout_s,
        max_lifetime=settings.max_lifetime_s,
        max_idle=settings.max_idle_s,
        open=False,
    )
    try:
        try:
            await pool.open(wait=True, timeout=settings.timeout_s)
        except PoolTimeout as error:
            raise connection_fault(error, dsn) from None
        yield pool
    finally:
        await pool.close(timeout=_CLOSE_S)


@asynccontextmanager
async def borrowed(pool: Pool, doing: str, *, timeout_s: float = _STATEMENT_S) -> AsyncIterator[Connection]:
    """Borrow a connection for short statements that must end within `timeout_s` seconds all together.

    Args:
        pool: Where it comes from.
        doing: What it is for, as the beginning of an error.
        timeout_s: Seconds for the wait and the statements.

    Raises:
        DatabaseError: Any failure of the database, or no answer in time.
    """
    with database_errors(doing):
        async with asyncio.timeout(timeout_s), pool.connection() as connection:
            yield connection


@asynccontextmanager
async def patient_connection(pool: Pool) -> AsyncIterator[Connection]:
    """A connection outside the pool, set up like its own but for the server's limits on time: for long statements.

    Raises:
        DatabaseError: It cannot be made within the pool's `timeout_s`.
    """
    dsn = str(pool.conninfo)
    settings = replace(pool.settings, statement_timeout_s=None, idle_in_transaction_s=None)
    try:
        async with asyncio.timeout(settings.timeout_s):
            connection = await AsyncConnection.connect(dsn, **connection_settings(dsn, settings))
    except (psycopg.Error, TimeoutError) as error:
        raise connection_fault(error, dsn) from None
    async with connection:
        if settings.preset == "direct":  # behind a transaction pooler it would be said to whoever comes next
            await connection.execute(pool.statements("migrations")["unlimited"])
        yield connection


async def _try_out(dsn: str, settings: PoolSettings, kwargs: dict[str, Any]) -> None:
    """One connection of our own: the pool itself would only report that time ran out, not why."""
    try:
        async with (
            asyncio.timeout(settings.timeout_s),
            await AsyncConnection.connect(dsn, **kwargs) as connection,
        ):
            await check_session(connection, settings, dsn)
    except (psycopg.Error, TimeoutError, UnicodeError) as error:
        raise connection_fault(error, dsn) from None
