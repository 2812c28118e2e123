"""Streaming a graph: it is driven as far as it goes, and whoever listens to its run is told what happens."""

from __future__ import annotations

from typing import Any

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphDrained
from langgraph.graph.state import CompiledStateGraph

from langgraph_quorum.orchestration.persistence.faults import query_fault
from langgraph_quorum.orchestration.run import Event, Run

_RESERVED = "__"
"""How names begin among the updates that are no nodes': `__interrupt__`, `__metadata__`."""


async def stream(
    graph: CompiledStateGraph[Any, Any, Any, Any], run: Run, values: Any, config: RunnableConfig, context: Any
) -> None:
    """Drive until the graph has nothing more to do, a question is open, or a drain was asked for.

    Args:
        graph: Compiled with the database's saver.
        run: Told of every event; its control asks for the drain.
        values: What the graph is handed.
        config: With the thread, and the lease's token: what is written without it is refused.
        context: The run's context.

    Raises:
        DatabaseError: the database cannot be used.
        Exception: whatever the graph raises.
    """
    parts = graph.astream(
        values,
        config,
        context=context,
        stream_mode=["custom", "updates"],
        subgraphs=True,
        control=run.control,
        durability="async",
        version="v2",
    )
    try:
        async for part in parts:
            if part["type"] == "custom":
                run.tell(_placed(part["data"], part["ns"]))
            elif part["type"] == "updates":
                for node in part["data"]:
                    if not node.startswith(_RESERVED):
                        run.tell(_placed({"quorum": "node", "node": node}, part["ns"]))
    except GraphDrained:
        return
    except psycopg.Error as error:
        raise query_fault(error, f"running thread {run.thread_id!r}") from error


def _placed(event: Event, within: tuple[str, ...]) -> Event:
    """An event of an inner graph says in which one it happened, so that nobody takes its branches for the run's own."""
    return {"quorum": "inner", "within": within, "event": event} if within else event
