"""Driving a graph: its stream becomes events, a lost lease stops it, a drain ends it without an error."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphDrained
from langgraph.graph.state import CompiledStateGraph

from langgraph_quorum.orchestration.persistence.faults import query_fault
from langgraph_quorum.orchestration.persistence.lease import Lease
from langgraph_quorum.orchestration.run import Run


@dataclass(frozen=True, slots=True)
class Drive:
    """A graph, the run that it is driven for, and with what."""

    graph: CompiledStateGraph[Any, Any, Any, Any]
    run: Run
    config: RunnableConfig
    context: Any = None

    async def through(self, given: Any, lease: Lease) -> None:
        """Drive until the graph has nothing more to do.

        Args:
            given: The graph's input, a `Command`, or None to go on.
            lease: Held on the thread; when it is lost, the driving stops at once.

        Raises:
            LeaseLostError: the lease was lost.
            DatabaseError: a checkpoint could not be read or written.
        """
        streaming = asyncio.create_task(self._stream(given), name=f"quorum:stream:{self.run.thread_id}")
        losing = asyncio.create_task(lease.lost.wait(), name=f"quorum:lease:{self.run.thread_id}")
        try:
            await asyncio.wait({streaming, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not streaming.done():
                lease.check()
            await streaming
        finally:
            losing.cancel()
            streaming.cancel()
            await asyncio.wait({streaming, losing})

    async def _stream(self, given: Any) -> None:
        run = self.run
        parts = self.graph.astream(
            given,
            self.config,
            context=self.context,
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
