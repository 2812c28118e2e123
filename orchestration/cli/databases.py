"""The database of a command, opened with a word about which one it is."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from langgraph_quorum.orchestration.cli.progress.choice import Progress
from langgraph_quorum.orchestration.database import Pool, open_database
from langgraph_quorum.orchestration.persistence.dsn import resolve_dsn


@asynccontextmanager
async def database(dsn: str | None, progress: Progress) -> AsyncIterator[Pool]:
    """A pool on the database of `dsn`, of QUORUM_DSN, or of the embedded server.

    Raises:
        ConfigurationError: the DSN cannot be understood.
        DatabaseError: the server cannot be reached, started or migrated.
        MissingExtraError: no DSN is given and the extra `embedded` is not installed.
    """
    progress.stage(f"opening the database ({resolve_dsn(dsn, os.environ).shown})")
    async with open_database(dsn) as pool:
        yield pool
