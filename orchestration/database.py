"""The composition root of persistence: from a DSN, or none, to a migrated pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from langgraph_quorum.orchestration.persistence.configuration import configured
from langgraph_quorum.orchestration.persistence.dsn import resolve_dsn
from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.tenants import check_tenant
from langgraph_quorum.state.errors import ConfigurationError


@asynccontextmanager
async def open_database(
    dsn: str | None = None, *, folder: Path | None = None, pool: PoolSettings | None = None
) -> AsyncIterator[Pool]:
    """A pool on a migrated database: of `dsn`, else of QUORUM_DSN, else of the embedded server.

    Args:
        dsn: The connection string.
        folder: Where the embedded server keeps its data, when it is used.
        pool: How connections are made and kept, and in which schema the tables are; by default as QUORUM_POOL_MODE,
            QUORUM_POOL_MAX, QUORUM_SCHEMA and QUORUM_TENANT say.

    Raises:
        ConfigurationError: the DSN or a setting cannot be understood, or the server cannot give schema or tenant.
        DatabaseError: the server cannot be reached, started or migrated, or would not keep this tenant from others.
        MissingExtraError: no DSN is given and the extra `embedded` is not installed.
    """
    async with connect_database(dsn, folder=folder, pool=pool) as opened:
        await migrate(opened)
        if opened.settings.tenant is not None:
            await check_tenant(opened, opened.settings.tenant)
        yield opened


@asynccontextmanager
async def connect_database(
    dsn: str | None = None, *, folder: Path | None = None, pool: PoolSettings | None = None
) -> AsyncIterator[Pool]:
    """The same without migrating: for whoever wants to look at a database as it is.

    Args:
        dsn: The connection string.
        folder: Where the embedded server keeps its data, when it is used.
        pool: How connections are made and kept.

    Raises:
        ConfigurationError: the DSN or a setting cannot be understood, or the server cannot give schema or tenant.
        DatabaseError: the server cannot be reached or started.
        MissingExtraError: no DSN is given and the extra `embedded` is not installed.
    """
    if dsn is not None and not isinstance(dsn, str):
        raise ConfigurationError("dsn", type(dsn).__name__, "give a connection string, or None for the embedded server")
    if pool is not None and not isinstance(pool, PoolSettings):
        raise ConfigurationError("pool", type(pool).__name__, "give PoolSettings(...), or None for the environment's")
    environ = await asyncio.to_thread(configured)
    settings = PoolSettings.from_environ(environ) if pool is None else pool
    named = resolve_dsn(dsn, environ)
    async with AsyncExitStack() as stack:
        text = named.text
        if text is None:
            text = await stack.enter_async_context(embedded_postgres(folder))
        yield await stack.enter_async_context(open_pool(text, settings))
