"""Which threads refer to artifacts, and taking away what none refers to."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed
from langgraph_quorum.state.errors import ConfigurationError

_BATCH = 100
_BATCH_S = 60.0


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What a collection has taken away.

    Attributes:
        artifacts: How many.
        size_bytes: Of their contents, together.
    """

    artifacts: int
    size_bytes: int


async def collect(pool: Pool, *, older_than_s: float = 3600.0) -> CollectReport:
    """Delete the artifacts that no thread refers to. Safe while runs put: one that is put again meanwhile stays.

    Args:
        pool: A pool of a migrated database.
        older_than_s: Seconds since an artifact was last put, from 0: what is put without a thread is found by nobody
            until its reference is written down somewhere.

    Raises:
        ConfigurationError: `older_than_s` makes no sense.
        DatabaseError: the database cannot be used. What was deleted before stays deleted.
    """
    is_number = isinstance(older_than_s, (int, float)) and not isinstance(older_than_s, bool)
    if not is_number or not 0 <= older_than_s < math.inf:
        raise ConfigurationError("older_than_s", older_than_s, "give seconds from 0")
    sql, sizes, after = pool.statements("artifacts"), list[int](), ""
    while True:
        async with borrowed(pool, "collecting artifacts", timeout_s=_BATCH_S) as connection, connection.transaction():
            values = {"older_than_s": older_than_s, "after": after, "batch": _BATCH}
            chosen = [row["hash"] for row in await (await connection.execute(sql["choose"], values)).fetchall()]
            if not chosen:
                return CollectReport(len(sizes), sum(sizes))
            deleted = await connection.execute(sql["delete"], {"hashes": chosen})
            sizes += [row["size_bytes"] for row in await deleted.fetchall()]
            after = chosen[-1]


async def refer(connection: Connection, pool: Pool, thread_id: str, addresses: Collection[str]) -> None:
    """Let a thread refer to those of these artifacts that there are: in the transaction that enters its run."""
    if addresses:
        values = {"thread_id": thread_id, "hashes": list(addresses)}
        await connection.execute(pool.statements("artifacts")["refer"], values)


async def copy_references(connection: Connection, pool: Pool, source: str, target: str) -> None:
    """Let a thread refer to all that another refers to: for a fork, in the transaction that makes it."""
    await connection.execute(pool.statements("artifacts")["copy"], {"source": source, "target": target})
