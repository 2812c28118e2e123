"""What nested graphs remember from one of their runs to the next: a fork takes it along, and a resume adds to it.

A graph that is compiled with `checkpointer=True` has one state for all its runs within a thread. Its checkpoints stand
in a namespace without the id of a task, and belong to the steps of the outer graph by their time alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel
from langgraph.types import StateSnapshot

from langgraph_quorum.orchestration.copying import COUNTERS, copy_values
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.state.errors import ConfigurationError

_WITHIN = "|"
"""Between the names of nodes in a namespace, the outermost first."""


async def copy_memories(
    pool: Pool,
    graph: CompiledStateGraph[Any, Any, Any, Any],
    saver: BaseCheckpointSaver[Any],
    saved: CheckpointTuple,
    target: RunnableConfig,
    *,
    done: Collection[str],
) -> None:
    """Give nested graphs in another thread the memory that they had at a checkpoint of this one.

    Args:
        pool: The database that both threads are in.
        graph: The outer one.
        saver: Reads and writes.
        saved: The checkpoint of the outer graph.
        target: The config of the other thread.
        done: Nodes that have ended since and are not run again: what nested graphs did in them is remembered, too.

    Raises:
        ConfigurationError: a memory is stored as changes, and whose it is cannot be found out from the graph.
        DatabaseError: the database cannot be used.
    """
    where = saved.config["configurable"]
    asked = {"thread_id": where["thread_id"], "checkpoint_id": saved.checkpoint["id"]}
    async with borrowed(pool, f"forking thread {where['thread_id']!r}") as connection:
        rows = await (await connection.execute(pool.statements("memories")["then"], asked)).fetchall()
    if not rows:
        return
    nested = dict(graph.get_subgraphs(recurse=True))
    for row in rows:
        namespace: str = row["checkpoint_ns"]
        latest = row["since"] if namespace.partition(_WITHIN)[0] in done else row["before"]
        if latest is None:  # it was called for the first time later
            continue
        place = {"thread_id": where["thread_id"], "checkpoint_ns": namespace, "checkpoint_id": latest}
        remembered = await saver.aget_tuple({"configurable": place})
        if remembered is None:
            continue
        if namespace not in nested and remembered.metadata.get(COUNTERS):
            mend = "make the nested graph a node, or a variable that its node's function uses, so that it can be found"
            raise ConfigurationError("thread_id", where["thread_id"], f"{namespace!r} remembers changes only: {mend}")
        at: RunnableConfig = {"configurable": {**target["configurable"], "checkpoint_ns": namespace}}
        found = nested.get(namespace)
        await copy_values(found if isinstance(found, Pregel) else None, saver, remembered, at)


async def called_anew(pool: Pool, thread_id: str, snapshot: StateSnapshot) -> Mapping[str, Any]:
    """What goes into the config with which a thread is driven on, so that nested graphs that remember take their input.

    To a run that is resumed LangGraph hands none of it on: a nested graph may have been in the midst of its work. From
    a checkpoint that is named, it takes each to be called anew. That is so where nothing of the step has begun; what a
    copy begins with is such a place, and where a run was drained between two steps.

    Args:
        pool: The database.
        thread_id: The thread.
        snapshot: Its latest state.

    Raises:
        DatabaseError: the database cannot be used.
    """
    if any(task.result is not None or task.interrupts for task in snapshot.tasks):
        return {}
    latest = snapshot.config["configurable"]["checkpoint_id"]
    asked = {"thread_id": thread_id, "checkpoint_id": latest}
    async with borrowed(pool, f"reading thread {thread_id!r}") as connection:
        row = await (await connection.execute(pool.statements("memories")["nested"], asked)).fetchone()
    return {"checkpoint_id": latest} if row is not None and row["remembers"] and not row["begun"] else {}
