"""Driving a thread: its lease, its entry in the register, its stream; one driver at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphDrained
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import StateSnapshot

from langgraph_quorum.orchestration.given import NOTHING, Given
from langgraph_quorum.orchestration.outcome import is_new, open_questions, outcome_of, status_of
from langgraph_quorum.orchestration.persistence.faults import database_errors, query_fault
from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.orchestration.persistence.lease import Lease, hold_lease
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import get_run, record_end, record_start
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError, LeaseLostError


@dataclass(frozen=True, slots=True)
class Driver:
    """Drives threads of one graph on one database, and reads how they stand."""

    graph: CompiledStateGraph[Any, Any, Any, Any]
    pool: Pool
    workflow: str

    @property
    def inputs(self) -> frozenset[str]:
        """Names of the fields that the graph's input has."""
        return frozenset(self.graph.get_input_jsonschema().get("properties", {}))

    async def drive(self, run: Run, given: Given, on_taken: Callable[[], None]) -> dict[str, Any]:
        """Take the thread, go on from where it stands, and give its outcome.

        Args:
            run: Told of every event; its control asks for the drain.
            given: What the run was started or resumed with.
            on_taken: Called once the thread is ours and entered in the register.

        Raises:
            ThreadBusyError: another driver runs this thread.
            LeaseLostError: the lease was lost on the way.
            DatabaseError: the database cannot be used.
            ConfigurationError: the thread runs another workflow.
        """
        thread_id = run.thread_id
        async with hold_lease(self.pool, thread_id) as lease:
            snapshot = await self.snapshot(thread_id)
            if asked := open_questions(snapshot):
                given = given.remembering((await get_run(self.pool, thread_id)).options, asked)
            values = given.for_graph(thread_id, snapshot)
            if values is not NOTHING:
                await self._enter(thread_id, given, lease, new=is_new(snapshot))
            on_taken()
            if values is not NOTHING:
                await self._through(run, values, given.context, lease)
                snapshot = await self.snapshot(thread_id)
            else:
                await self._correct(thread_id, snapshot, lease)
            run.workflow_id = snapshot.values.get("workflow_id", "")
            return self._outcome_of(thread_id, snapshot)

    async def snapshot(self, thread_id: str) -> StateSnapshot:
        """The latest state of a thread."""
        with database_errors(f"reading thread {thread_id!r}"):
            return await self.graph.aget_state(_config(thread_id))

    async def outcome(self, thread_id: str) -> dict[str, Any]:
        """The output of a thread as it stands."""
        return self._outcome_of(thread_id, await self.snapshot(thread_id))

    def _outcome_of(self, thread_id: str, snapshot: StateSnapshot) -> dict[str, Any]:
        channels = self.graph.output_channels
        names = [channels] if isinstance(channels, str) else list(channels)
        return outcome_of(thread_id, snapshot, names)

    async def _enter(self, thread_id: str, given: Given, lease: Lease, *, new: bool) -> None:
        """Enter the run as running. What it was first started with stays, whatever a later start was given."""
        entry = given.entry
        if not new:
            stored = await get_run(self.pool, thread_id)
            if stored.workflow != self.workflow:
                mend = f"thread {thread_id!r} runs {stored.workflow!r}: take another thread, or that workflow"
                raise ConfigurationError("workflow", self.workflow, mend)
            entry = given.entered(stored.task, stored.options)
        await record_start(
            self.pool,
            thread_id,
            workflow=self.workflow,
            task=entry.task,
            options=entry.options,
            token=lease.token,
        )

    async def _correct(self, thread_id: str, snapshot: StateSnapshot, lease: Lease) -> None:
        """Enter how a run ended whose driver was killed after its last checkpoint and before it could say so."""
        stored = await get_run(self.pool, thread_id)
        if stored.status == "running":
            await record_end(self.pool, thread_id, status_of(snapshot), token=lease.token)

    async def _through(self, run: Run, values: Any, context: Any, lease: Lease) -> None:
        """Drive, and enter how the run stands afterwards; a run that the graph itself refused has failed."""
        thread_id = run.thread_id
        try:
            await self._while_held(lease, self._stream(run, values, context, lease))
        except (DatabaseError, LeaseLostError):
            raise
        except Exception:
            await record_end(self.pool, thread_id, "failed", token=lease.token)
            raise
        await record_end(self.pool, thread_id, status_of(await self.snapshot(thread_id)), token=lease.token)

    async def _while_held(self, lease: Lease, work: Any) -> None:
        """Do the work, and stop it at once when the lease is lost."""
        working = asyncio.create_task(work, name=f"quorum:stream:{lease.thread_id}")
        losing = asyncio.create_task(lease.lost.wait(), name=f"quorum:lease:{lease.thread_id}")
        try:
            await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                lease.check()
            await working
        finally:
            losing.cancel()
            working.cancel()
            await asyncio.wait({working, losing})

    async def _stream(self, run: Run, values: Any, context: Any, lease: Lease) -> None:
        """Drive until the graph has nothing more to do, a question is open, or a drain was asked for."""
        parts = self.graph.astream(
            values,
            fenced_config(run.thread_id, lease.token),
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


def _config(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}}
