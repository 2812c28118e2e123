"""The connection pool, set up for long runs: behind poolers, through restarts, and never waiting for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from langgraph_quorum.orchestration.persistence.dsn import check_dsn
from langgraph_quorum.orchestration.persistence.faults import connection_fault, database_errors
from langgraph_quorum.orchestration.persistence.statements import SCHEMA, check_schema, statements
from langgraph_quorum.state.errors import ConfigurationError

Connection: TypeAlias = AsyncConnection[DictRow]

APPLICATION_NAME = "langgraph-quorum"

_CHECK_S = 5.0
_CLOSE_S = 5.0
_MAX_LIFETIME_S = 30 * 60.0
_STATEMENT_S = 15.0
# A dead peer is noticed within about a minute, also in the middle of a statement.
_KEEPALIVE: dict[str, str | int] = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}

# Reconnecting is the pool's daily work: it is logged for whoever listens, and not printed when nobody does.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class Pool(AsyncConnectionPool[Connection]):
    """Connections to one database, and the schema that our tables are in."""

    def __init__(self, dsn: str, *, schema: str = SCHEMA, **settings: Any) -> None:
        super().__init__(dsn, **settings)
        self.schema = schema

    def statements(self, subject: str) -> dict[str, bytes]:
        """The statements of `queries/<subject>.sql` for this schema, by name."""
        return statements(subject, self.schema)


@asynccontextmanager
async def open_pool(
    dsn: str, *, min_size: int = 1, max_size: int = 10, timeout_s: float = 10, schema: str | None = None
) -> AsyncIterator[Pool]:
    """Open a pool as LangGraph's saver needs it: autocommit, rows as dicts, no prepared statements.

    Connections are checked when they are handed out, so a restarted server is noticed there and not by the caller.

    Args:
        dsn: The connection string; what it says itself about timeouts, keepalives and application name is kept.
        min_size: Connections kept open.
        max_size: Connections at most.
        timeout_s: Seconds to wait for the first connection, and later for a free one.
        schema: Where all tables are, ours and LangGraph's; by default ours are in `quorum`, and LangGraph's in the
            first schema of the search path.

    Raises:
        ConfigurationError: The DSN or the sizes make no sense.
        DatabaseError: The server does not answer or refuses. No message holds the password.
    """
    check_dsn(dsn)
    if not 0 <= min_size <= max_size or max_size < 1:
        raise ConfigurationError("max_size", max_size, f"give at least 1 and at least min_size ({min_size})")
    settings = connection_settings(dsn, timeout_s, schema)
    try:
        # The pool itself would only report that time ran out; one connection of our own tells why.
        async with asyncio.timeout(timeout_s):
            await (await AsyncConnection.connect(dsn, **settings)).close()
    except (psycopg.Error, TimeoutError, UnicodeError) as error:
        raise connection_fault(error, dsn) from None
    pool = Pool(
        dsn,
        schema=SCHEMA if schema is None else schema,
        kwargs=settings,
        min_size=min_size,
        max_size=max_size,
        timeout=timeout_s,
        max_lifetime=_MAX_LIFETIME_S,
        check=_check,
        open=False,
    )
    try:
        try:
            await pool.open(wait=True, timeout=timeout_s)
        except PoolTimeout as error:
            raise connection_fault(error, dsn) from None
        yield pool
    finally:
        await pool.close(timeout=_CLOSE_S)


def connection_settings(dsn: str, timeout_s: float, schema: str | None = None) -> dict[str, Any]:
    """The arguments every connection is made with, for connections outside a pool too.

    Args:
        dsn: Its own settings win over ours.
        timeout_s: Seconds for one attempt to connect, rounded up; libpq takes no less than 2.
        schema: The only one on the search path; None leaves that to the server.
    """
    named = conninfo_to_dict(dsn)
    path: dict[str, Any] = {}
    if schema is not None:
        check_schema(schema)
        path = {"options": f"{named.get('options') or ''} -c search_path={schema}".strip()}
    ours = {**_KEEPALIVE, "application_name": APPLICATION_NAME, "connect_timeout": max(2, round(timeout_s))}
    return {
        "autocommit": True,
        "prepare_threshold": None,
        "row_factory": dict_row,
        **{key: value for key, value in ours.items() if key not in named},
        **path,
    }


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


async def _check(connection: Connection) -> None:
    async with asyncio.timeout(_CHECK_S):
        await AsyncConnectionPool.check_connection(connection)
