"""The database of a command, opened with a word about which one it is."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.orchestration.cli.progress.choice import Progress
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.dsn import Dsn, resolve_dsn
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.errors import ConfigurationError


def checked_dsn(dsn: str | None) -> Dsn:
    """Which database is meant; nothing is connected to.

    Raises:
        RefusedError: `--dsn` cannot be understood; its text is not repeated, for it may hold a password.
        ConfigurationError: QUORUM_DSN cannot be understood.
    """
    try:
        return resolve_dsn(dsn, os.environ)
    except ConfigurationError as error:
        if dsn is None:
            raise
        raise RefusedError(f"--dsn cannot be understood: {error.mend}") from None


@asynccontextmanager
async def database(dsn: str | None, progress: Progress) -> AsyncIterator[Pool]:
    """A pool on the database of `dsn`, of QUORUM_DSN, or of the embedded server.

    Raises:
        RefusedError: `--dsn` cannot be understood.
        ConfigurationError: QUORUM_DSN cannot be understood.
        DatabaseError: the server cannot be reached, started or migrated.
        MissingExtraError: no DSN is given and the extra `embedded` is not installed.
    """
    progress.stage(f"opening the database ({checked_dsn(dsn).shown})")
    async with open_database(dsn) as pool:
        yield pool
