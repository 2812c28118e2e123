"""The server that persistence is measured on: embedded, with its settings as they ship, fsync included."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver

CONNECTIONS = 10
"""At most, in each of the two pools."""
LANGGRAPH_TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
OUR_TABLES = ("quorum.leases", "quorum.runs", "quorum.artifacts", "quorum.artifact_refs")

OfficialPool = AsyncConnectionPool[AsyncConnection[DictRow]]


@dataclass(frozen=True, slots=True)
class Scene:
    """One database, and the two savers on it, each on a pool of its own.

    Attributes:
        dsn: Of the database.
        pool: Ours.
        saver: Ours.
        official: The other, as its documentation sets it up.
        official_pool: Its pool.
    """

    dsn: str
    pool: Pool
    saver: GroupCommitSaver
    official: AsyncPostgresSaver
    official_pool: OfficialPool

    async def clear(self) -> None:
        """Delete what all runs have stored."""
        async with self.pool.connection() as connection:
            await connection.execute(f"TRUNCATE {', '.join(LANGGRAPH_TABLES + OUR_TABLES)}".encode())

    async def number(self, query: str) -> int:
        """What a query for one number gives."""
        async with self.pool.connection() as connection:
            row = await (await connection.execute(query.encode())).fetchone()
        return 0 if row is None else int(next(iter(row.values())))


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    """A new server in the folder for temporary files, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="quorum-bench-") as folder:
        async with embedded_postgres(Path(folder) / "pg") as dsn:
            async with open_pool(dsn) as pool:
                await migrate(pool)
            async with pools(dsn) as found:
                yield found


@asynccontextmanager
async def pools(dsn: str) -> AsyncIterator[Scene]:
    """Both savers on this migrated database."""
    kwargs = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    async with (
        open_pool(dsn, max_size=CONNECTIONS) as pool,
        OfficialPool(dsn, min_size=1, max_size=CONNECTIONS, kwargs=kwargs, open=False) as official_pool,
    ):
        yield Scene(dsn, pool, make_saver(pool), AsyncPostgresSaver(official_pool), official_pool)


def new_thread() -> RunnableConfig:
    """The config of a thread that nobody has used."""
    return {"configurable": {"thread_id": uuid.uuid4().hex}}
