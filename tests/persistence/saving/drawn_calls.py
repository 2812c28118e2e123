"""Calls of a saver drawn by hypothesis, few enough ids that they collide, and what the tables hold afterwards."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, CheckpointMetadata
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.types import ERROR, INTERRUPT, RESUME, _DeltaSnapshot

from langgraph_quorum.orchestration.persistence.pool import Pool

TABLES = {
    "checkpoints": "checkpoint_ns, checkpoint_id",
    "checkpoint_blobs": "checkpoint_ns, channel, version",
    "checkpoint_writes": "checkpoint_ns, checkpoint_id, task_id, idx",
}
IDS = [f"1ef4f797-8335-6428-8001-8a1503f9b87{digit}" for digit in range(3)]

primitives = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "\u00e9"])
values = primitives | st.lists(primitives, max_size=2) | st.builds(_DeltaSnapshot, st.lists(primitives, max_size=2))


@dataclass(frozen=True)
class Put:
    """A checkpoint, with versions of the channels that changed."""

    ns: str
    id: str
    parent: str | None
    values: dict[str, Any]
    new: frozenset[str]
    version: int
    step: int

    async def on(self, saver: AsyncPostgresSaver, thread_id: str) -> None:
        config: RunnableConfig = {"configurable": {"thread_id": thread_id, "checkpoint_ns": self.ns}}
        if self.parent:
            config["configurable"]["checkpoint_id"] = self.parent
        versions: dict[str, str | int | float] = {channel: str(self.version) for channel in self.values}
        checkpoint = Checkpoint(
            v=4,
            id=self.id,
            ts="2026-01-01T00:00:00",
            channel_values=self.values,
            channel_versions=versions,
            versions_seen={},
            updated_channels=None,
        )
        new = {channel: version for channel, version in versions.items() if channel in self.new}
        await saver.aput(config, checkpoint, CheckpointMetadata(step=self.step), new)


@dataclass(frozen=True)
class PutWrites:
    """Writes of a task."""

    ns: str
    id: str
    task: str
    path: str
    writes: list[tuple[str, Any]]

    async def on(self, saver: AsyncPostgresSaver, thread_id: str) -> None:
        place = {"thread_id": thread_id, "checkpoint_ns": self.ns, "checkpoint_id": self.id}
        await saver.aput_writes({"configurable": place}, self.writes, self.task, self.path)


namespaces, ids = st.sampled_from(["", "inner:1"]), st.sampled_from(IDS)
channels = st.sampled_from(["a", "b", "c"])
special = st.sampled_from([ERROR, INTERRUPT, RESUME])
puts = st.builds(
    Put,
    namespaces,
    ids,
    st.none() | ids,
    st.dictionaries(channels, values, max_size=3),
    st.frozensets(channels),
    st.integers(1, 2),
    st.integers(0, 3),
)
writes = st.builds(
    PutWrites,
    namespaces,
    ids,
    st.sampled_from(["task-1", "task-2"]),
    st.sampled_from(["", "path"]),
    st.lists(st.tuples(channels | special, values), max_size=3) | st.lists(st.tuples(special, values), max_size=3),
)
calls = st.lists(puts | writes, min_size=1, max_size=12)


async def contents(pool: Pool, thread_id: str) -> dict[str, list[dict[str, Any]]]:
    """All that the three tables hold of a thread, without its name."""
    found = {}
    async with pool.connection() as connection:
        for table, order in TABLES.items():
            sql = f"SELECT * FROM {table} WHERE thread_id = %s ORDER BY {order}".encode()
            rows = await (await connection.execute(sql, [thread_id])).fetchall()
            found[table] = [{**row, "thread_id": ""} for row in rows]
    return found
