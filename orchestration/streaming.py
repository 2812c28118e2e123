"""Streaming a graph: it is driven as far as it goes, and whoever listens to its run is told what happens."""

from __future__ import annotations

import functools
from typing import Any

import psycopg
from langgraph.errors import GraphDrained
from langgraph.graph.state import CompiledStateGraph

from langgraph_quorum.nodes.reviewing.expiry import CLOCK_KEY
from langgraph_quorum.orchestration.expiry import database_time
from langgraph_quorum.orchestration.persistence.faults import query_fault
from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.run import Run


async def stream(
    graph: CompiledStateGraph[Any, Any, Any, Any], pool: Pool, run: Run, values: Any, *, context: Any, token: int
) -> None:
    """Drive until the graph has nothing more to do, a question is open, or a drain was asked for.

    Args:
        graph: Compiled with the database's saver.
        pool: The database.
        run: Told of every event; its control asks for the drain.
        values: What the graph is handed.
        context: The run's context.
        token: Of the lease; what is written without it is refused.

    Raises:
        DatabaseError: the database cannot be used.
        Exception: whatever the graph raises.
    """
    config = fenced_config(run.thread_id, token)
    config["configurable"][CLOCK_KEY] = functools.partial(database_time, pool)
    parts = graph.astream(
        values,
        config,
        context=context,
        stream_mode=["custom", "updates"],
        control=run.control,
        durability="async",
        version="v2",
    )
    try:
        async for part in parts:
            if part["type"] == "custom":
                run.tell(part["data"])
            elif part["type"] == "updates":
                for node in part["data"]:
                    run.tell({"quorum": "node", "node": node})
    except GraphDrained:
        return
    except psycopg.Error as error:
        raise query_fault(error, f"running thread {run.thread_id!r}") from error
