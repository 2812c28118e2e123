"""The composition root of persistence: from a DSN, or none, to a migrated pool."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from langgraph_quorum.orchestration.persistence.dsn import resolve_dsn
from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.state.errors import ConfigurationError


@asynccontextmanager
async def open_database(dsn: str | None = None, *, folder: Path | None = None) -> AsyncIterator[Pool]:
    """A pool on a migrated database: of `dsn`, else of QUORUM_DSN, else of the embedded server.

    Args:
        dsn: The connection string.
        folder: Where the embedded server keeps its data, when it is used.

    Raises:
        ConfigurationError: the DSN cannot be understood.
        DatabaseError: the server cannot be reached, started or migrated.
        MissingExtraError: no DSN is given and the extra `embedded` is not installed.
    """
    if dsn is not None and not isinstance(dsn, str):
        raise ConfigurationError("dsn", type(dsn).__name__, "give a connection string, or None for the embedded server")
    named = resolve_dsn(dsn, os.environ)
    async with AsyncExitStack() as stack:
        text = named.text
        if text is None:
            text = await stack.enter_async_context(embedded_postgres(folder))
        pool = await stack.enter_async_context(open_pool(text))
        await migrate(pool)
        yield pool
