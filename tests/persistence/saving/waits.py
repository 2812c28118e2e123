"""Waiting until calls have come to where a test wants them."""

import asyncio

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver

_BLOCKED = b"""SELECT count(*) AS n FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database()"""


async def handed_over(saver: GroupCommitSaver, number: int) -> None:
    """Until so many calls wait in the saver."""
    async with asyncio.timeout(10):
        while saver.statistics().waiting < number:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)


async def blocked(pool: Pool, number: int = 1) -> None:
    """Until so many connections wait for a lock in the database."""
    async with asyncio.timeout(10), pool.connection() as connection:
        while True:
            row = await (await connection.execute(_BLOCKED)).fetchone()
            if row is not None and row["n"] >= number:
                return
            await asyncio.sleep(0.01)
