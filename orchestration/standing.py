"""How a run stands that nobody drives, by its state, its entry in the register, and the nodes that its graph has."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import StateSnapshot

from langgraph_quorum.orchestration.history import awaited_nodes
from langgraph_quorum.orchestration.outcome import is_finished, is_new, status_of
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import RunStatus


def status_now(snapshot: StateSnapshot, *, cancelled: bool) -> RunStatus:
    """How a run stands by its state; one that had come to its end was cancelled too late."""
    return "cancelled" if cancelled and not is_finished(snapshot) else status_of(snapshot)


async def standing(
    graph: CompiledStateGraph[Any, Any, Any, Any], stored: StoredRun, snapshot: StateSnapshot
) -> RunStatus:
    """How a run stands. One whose graph has raised an error is `failed` until it is taken up again.

    Raises:
        DatabaseError: the database cannot be used.
    """
    if stored.status == "failed" and not is_finished(snapshot):
        return "failed"
    status = status_now(snapshot, cancelled=stored.status == "cancelled")
    if status != stored.status and is_finished(snapshot) and await _missing_nodes(graph, stored.thread_id):
        return stored.status  # it only looks finished: LangGraph leaves out tasks of nodes that it does not know
    return status


async def check_nodes(graph: CompiledStateGraph[Any, Any, Any, Any], thread_id: str, snapshot: StateSnapshot) -> None:
    """Refuse a thread that waits for a node which was renamed or taken out: LangGraph would drop its tasks unsaid.

    Raises:
        ConfigurationError: naming the nodes.
        DatabaseError: the database cannot be used.
    """
    missing = [] if is_new(snapshot) else await _missing_nodes(graph, thread_id)
    if missing:
        mend = (
            f"thread {thread_id!r} waits for what this graph does not have: give the node its old name back, or fork"
            " the run from a checkpoint before it (`history`)"
        )
        raise ConfigurationError("nodes", missing, mend)


async def _missing_nodes(graph: CompiledStateGraph[Any, Any, Any, Any], thread_id: str) -> list[str]:
    saver = graph.checkpointer
    if not isinstance(saver, BaseCheckpointSaver):
        return []
    awaited = await awaited_nodes(saver, thread_id, graph.channels)
    return [name for name in awaited if name not in graph.nodes]
