"""How many statements a run sends: by the saver's own count, and by the server's count of transactions."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from psycopg_pool import AsyncConnectionPool

from benchmarks.graphs import bare_graph, bare_input
from benchmarks.measuring import Row, Work
from benchmarks.postgres import Scene, new_thread

MOST = 20
BRANCHES = 1000


async def rows(scene: Scene) -> list[Row]:
    """The server counts reads and the pool's checks of its connections too, and not a transaction's statements."""
    ours, official = bare_graph(checkpointer=scene.saver), bare_graph(checkpointer=scene.official)
    before = scene.saver.statistics().statements
    transactions = await _transactions(
        scene, scene.pool, lambda: ours.ainvoke(bare_input(BRANCHES), new_thread(), durability="async")
    )
    sent = scene.saver.statistics().statements - before
    other = await _transactions(
        scene, scene.official_pool, lambda: official.ainvoke(bare_input(BRANCHES), new_thread(), durability="async")
    )
    await scene.clear()
    return [
        Row(f"{BRANCHES} branches: statements that write", str(sent), "", "", f"at most {MOST}", sent <= MOST),
        Row(
            "  transactions, as the server counts",
            str(transactions),
            f"official {other}",
            f"{other / max(1, transactions):.0f} x fewer",
        ),
    ]


async def _transactions(scene: Scene, pool: AsyncConnectionPool[Any], run: Work) -> int:
    """Those of a run. Each connection keeps its counts to itself for a while unless told to hand them over."""
    idle = await _committed_of(scene, pool, None)
    return await _committed_of(scene, pool, run) - idle


async def _committed_of(scene: Scene, pool: AsyncConnectionPool[Any], run: Work | None) -> int:
    """Transactions of a run, and of asking for them."""
    before = await _committed(scene, pool)
    if run is not None:
        await run()
    return await _committed(scene, pool) - before


async def _committed(scene: Scene, pool: AsyncConnectionPool[Any]) -> int:
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(pool.connection()) for _ in range(pool.get_stats()["pool_size"])]
        for connection in connections:
            await connection.execute("SELECT pg_stat_force_next_flush()")
    return await scene.number("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
