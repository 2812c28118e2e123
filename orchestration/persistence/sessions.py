"""What each connection is made with, and whether the server has taken it as it was meant."""

from __future__ import annotations

import logging
import os
from typing import Any

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from langgraph_quorum.orchestration.persistence.dsn import address
from langgraph_quorum.orchestration.persistence.pool_settings import MODE_VARIABLE, PoolSettings
from langgraph_quorum.orchestration.persistence.statements import quoted, statements
from langgraph_quorum.state.errors import ConfigurationError

APPLICATION_NAME = "langgraph-quorum"

TO_TRANSACTION = f"set {MODE_VARIABLE}=transaction, or PoolSettings(preset='transaction')"

_LEAST_CONNECT_S = 2
# A dead peer is noticed within about a minute, also in the middle of a statement.
_KEEPALIVE: dict[str, str | int] = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}

logger = logging.getLogger(__name__)


def connection_settings(dsn: str, settings: PoolSettings) -> dict[str, Any]:
    """The arguments every connection is made with, for connections outside a pool too.

    Args:
        dsn: Its own settings win over ours, but for schema and tenant.
        settings: `timeout_s` is rounded up for one attempt to connect; libpq takes no less than 2 s.

    Raises:
        ConfigurationError: `options` are given that a transaction pooler would not pass on.
    """
    named = conninfo_to_dict(dsn)
    options = str(named.get("options") or os.environ.get("PGOPTIONS", ""))
    started: dict[str, Any] = {}
    if settings.preset == "direct":
        parts = [*_as_options(settings.session), options, *_as_options(settings.placement)]
        started = {"options": " ".join(part for part in parts if part)}
    elif options:
        mend = "take them out of the DSN and PGOPTIONS: a transaction pooler keeps none; use ALTER ROLE ... SET"
        raise ConfigurationError("options", options, mend)
    ours = {
        **_KEEPALIVE,
        "application_name": APPLICATION_NAME,
        "connect_timeout": max(_LEAST_CONNECT_S, round(settings.timeout_s)),
    }
    return {
        "autocommit": True,
        "prepare_threshold": None,
        "row_factory": dict_row,
        **{key: value for key, value in ours.items() if key not in named},
        **started,
    }


async def check_session(connection: AsyncConnection[DictRow], settings: PoolSettings, dsn: str) -> None:
    """Make sure that schema and tenant are those of the settings; warn when a pooler is in between unexpectedly.

    Raises:
        ConfigurationError: The server has others. The message holds the statement that mends it.
    """
    row = await (await connection.execute(statements("health")["session"])).fetchone() or {}
    if settings.schema is not None and _first(row["search_path"]) != settings.schema:
        raise ConfigurationError("schema", settings.schema, _mend(settings, row, "search_path", settings.schema))
    if settings.tenant is not None and row["tenant"] != settings.tenant:
        raise ConfigurationError("tenant", settings.tenant, _mend(settings, row, "quorum.tenant", settings.tenant))
    if settings.preset == "direct" and is_pooled(connection, row["backend_pid"]):
        logger.warning(
            "a connection pooler stands between us and Postgres at %s, and the pool is set up for a direct connection:"
            " %s",
            address(dsn),
            TO_TRANSACTION,
        )


def is_pooled(connection: AsyncConnection[DictRow], backend_pid: int) -> bool:
    """Whether a pooler is in between: it invents the process id it announces, for its clients share connections.

    Args:
        connection: Any connection.
        backend_pid: What the server itself says on it.
    """
    return connection.info.backend_pid != backend_pid


def _as_options(values: dict[str, str]) -> list[str]:
    return [f"-c {name}={value}" for name, value in values.items()]


def _first(search_path: str) -> str:
    return search_path.split(",", maxsplit=1)[0].strip().strip('"')


def _mend(settings: PoolSettings, row: DictRow, name: str, value: str) -> str:
    if settings.preset == "direct":
        return f"something between us and the server drops this setting: {TO_TRANSACTION}"
    return (
        f"behind a transaction pooler the role must bring it: ALTER ROLE {quoted(row['role'])} SET {name} = '{value}',"
        " then let the pooler reconnect"
    )
