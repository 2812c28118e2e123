"""The register of runs: what was started under which thread, and how it stands."""

from __future__ import annotations

import asyncio

from psycopg.rows import DictRow

from langgraph_quorum.orchestration.naming import is_name
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.register import record_end, record_start
from langgraph_quorum.orchestration.persistence.saving.patience import patiently
from langgraph_quorum.orchestration.persistence.stored_run import RunStatus, StoredRun, opened, stored_run
from langgraph_quorum.state.errors import ThreadNotFoundError

__all__ = ["RunStatus", "StoredRun", "find_run", "get_run", "opened", "record_end", "record_start"]

_LOOK_S = 15.0
_AGAIN_S = 5.0
"""Less than a pool waits for a connection: where the server is away, it is said as soon as ever."""


async def get_run(pool: Pool, thread_id: str) -> StoredRun:
    """Look one run up. Where runs are encrypted, `opened` gives its task and options as they were given.

    Raises:
        ThreadNotFoundError: The thread was never entered.
        DatabaseError: The register cannot be read.
    """
    found = await find_run(pool, thread_id)
    if found is None:
        raise ThreadNotFoundError(thread_id)
    return found


async def find_run(pool: Pool, thread_id: str) -> StoredRun | None:
    """Look one run up; None when the thread was never entered. A look that a broken connection cut short is repeated.

    Raises:
        DatabaseError: The register cannot be read.
    """
    if not is_name(thread_id):
        return None
    doing = f"reading run {thread_id!r}"

    async def look() -> DictRow | None:
        async with asyncio.timeout(_LOOK_S), pool.connection() as connection:
            return await (await connection.execute(pool.statements("runs")["get"], {"thread_id": thread_id})).fetchone()

    with database_errors(doing):
        row = await patiently(doing, look, patience_s=_AGAIN_S)
    return None if row is None else stored_run(row)
