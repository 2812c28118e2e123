"""Threads that are stored under one key or none, and read back with another."""

from typing import Any

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.keys import Keys
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.sealed_register import (
    opened_options,
    opened_task,
    sealed_options,
    sealed_task,
)

OLD = Encryption(Keys("old", {"old": b"o" * 32}))
BOTH = Encryption(Keys("a-newer", {"old": b"o" * 32, "a-newer": b"n" * 32}))
NEW = Encryption(Keys("a-newer", {"a-newer": b"n" * 32}))
VALUES = {"text": "a word", "number": 7, "yes": True, "none": None, "parts": ["a", {"b": 1.5}], "large": "x" * 5000}
OPTIONS = '{"input": {"task": "look"}, "n": 1.5}'


def change(database: str, statement: str) -> int:
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(statement.encode()).rowcount


async def store(pool: Pool, thread_id: str, sealer: Encryption | None, checkpoints: int = 3) -> None:
    """Checkpoints of a thread, the later ones with values that did not change, and writes to the last."""
    saver, config = make_saver(pool, sealer=sealer), config_of(thread_id)
    for step in range(checkpoints):
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {**VALUES, "step": step}
        versions = dict.fromkeys(VALUES, "1") | {"step": str(step + 1)}
        checkpoint["channel_versions"] = {**versions}
        changed = versions if step == 0 else {"step": str(step + 1)}
        config = await saver.aput(config, checkpoint, {"step": step, "source": "loop", "parents": {}}, {**changed})
    await saver.aput_writes(config, [("parts", ["c"]), ("text", "later")], "task")
    await saver.aput_writes(config, [("__interrupt__", "why")], "task")
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO quorum.runs (thread_id, workflow, status, task, options) VALUES (%s, 'w', 'waiting', %s, %s)",
            (thread_id, sealed_task(sealer, thread_id, "look"), sealed_options(sealer, thread_id, OPTIONS)),
        )


def config_of(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}


async def stored(pool: Pool, thread_id: str, sealer: Encryption | None) -> list[Any]:
    """All that is kept of a thread, as it was given."""
    found: list[Any] = [
        (item.checkpoint["channel_values"], item.metadata, item.pending_writes)
        async for item in make_saver(pool, sealer=sealer).alist(config_of(thread_id))
    ]
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT task, options FROM quorum.runs WHERE thread_id = %s", (thread_id,))
        row = await cursor.fetchone()
    assert row is not None
    return [*found, opened_task(sealer, thread_id, row["task"]), opened_options(sealer, thread_id, row["options"])]
