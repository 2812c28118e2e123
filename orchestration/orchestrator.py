"""The orchestrator: starts, resumes and looks up runs of one graph, each driven by one process at a time."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.driving import Driver
from langgraph_quorum.orchestration.given import Entry, Given, check_names, check_storable, kept_input
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun, get_run, list_runs
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.state.errors import ConfigurationError

_STOP_S = 10.0


class Orchestrator:
    """Runs of one graph on one database. Made by `Orchestrator.open`."""

    def __init__(self, graph: CompiledStateGraph[Any, Any, Any, Any], pool: Pool, workflow: str) -> None:
        self._pool, self._driver = pool, Driver(graph, pool, workflow)
        self._runs: set[Run] = set()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        graph: StateGraph[Any, Any, Any, Any],
        dsn: str | None = None,
        *,
        workflow: str = "workflow",
        allow: tuple[type, ...] = (),
        folder: Path | None = None,
    ) -> AsyncIterator[Self]:
        """Open the database and compile the graph on it. Runs that still go on at the end are drained.

        Args:
            graph: An uncompiled graph, for instance of `build_workflow`.
            dsn: A Postgres connection string; else QUORUM_DSN; else an embedded server is started.
            workflow: The name under which its runs are listed.
            allow: Classes of your own that the graph's state holds.
            folder: Where the embedded server keeps its data.

        Raises:
            ConfigurationError: the DSN or an allowed type makes no sense.
            DatabaseError: the database cannot be used.
            MissingExtraError: no DSN is given and the extra `embedded` is not installed.
        """
        async with open_database(dsn, folder=folder) as pool, cls.on(graph, pool, workflow, allow) as orchestrator:
            yield orchestrator

    @classmethod
    @asynccontextmanager
    async def on(
        cls, graph: StateGraph[Any, Any, Any, Any], pool: Pool, workflow: str = "workflow", allow: tuple[type, ...] = ()
    ) -> AsyncIterator[Self]:
        """The same on a pool that is open already."""
        if not isinstance(graph, StateGraph):
            mend = "give the graph before compile(): the orchestrator compiles it with its checkpointer"
            raise ConfigurationError("graph", type(graph).__name__, mend)
        orchestrator = cls(graph.compile(checkpointer=make_saver(pool, allow=allow)), pool, workflow)
        try:
            yield orchestrator
        finally:
            await orchestrator.drain()

    async def start(
        self,
        values: Mapping[str, Any],
        thread_id: str | None = None,
        *,
        context: Any = None,
        options: Mapping[str, Any] | None = None,
    ) -> Run:
        """Start a run, or take up the one that this thread holds: nothing that is finished runs again.

        A finished thread gives its result at once; an interrupted one goes on where it was, whatever `values` are.

        Args:
            values: The graph's input.
            thread_id: The thread; a new one when left out.
            context: The run's context, for instance `{"threshold": 0.5}`.
            options: JSON values kept with the run, for whoever builds the graph again on resume.

        Raises:
            ConfigurationError: the input names an unknown field, or holds characters that Postgres cannot keep.
            ThreadBusyError: another driver runs this thread.
            DatabaseError: the database cannot be used.
        """
        if thread_id is not None and not isinstance(thread_id, str):
            raise ConfigurationError("thread_id", thread_id, "give a string")
        check_names(values, self._driver.inputs)
        check_storable(values)
        entry = Entry(str(values.get("task") or ""), {**(options or {}), **kept_input(values)})
        return await self._begin(thread_id or uuid.uuid4().hex[:12], Given(dict(values), entry, context=context))

    async def resume(self, thread_id: str, answers: Mapping[str, Any] | None = None, *, context: Any = None) -> Run:
        """Go on with a run that was stopped, crashed, or waits for a human.

        Args:
            thread_id: The thread.
            answers: Answers by interrupt id, for some or all open questions.
            context: The run's context.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            AnswerError: an answer is to a question that is not open.
            ThreadBusyError: another driver runs this thread.
        """
        stored = await get_run(self._pool, thread_id)
        entry = Entry(stored.task, dict(stored.options))
        return await self._begin(
            thread_id, Given(stored.options.get("input"), entry, {} if answers is None else answers, context)
        )

    async def get(self, thread_id: str) -> dict[str, Any]:
        """The outcome as it stands, without driving the run.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
        """
        stored = await get_run(self._pool, thread_id)
        outcome = await self._driver.outcome(thread_id)
        return {**outcome, "status": "running"} if stored.live else outcome

    async def list(self, *, limit: int = 50) -> list[StoredRun]:
        """The runs on this database, the last changed first."""
        return await list_runs(self._pool, limit=limit)

    async def drain(self, timeout_s: float = _STOP_S) -> None:
        """Stop all runs of this orchestrator: finished work is kept. Returns when they have stopped."""
        await asyncio.gather(*(run.stop(timeout_s) for run in list(self._runs)))

    async def _begin(self, thread_id: str, given: Given) -> Run:
        """Take the thread up in the background; return once it is ours, or raise why it is not."""
        run = Run(thread_id)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        run.begin(self._driven(run, given, ready))
        self._runs.add(run)
        try:
            await asyncio.shield(ready)
        except asyncio.CancelledError:
            await run.stop(_STOP_S)
            raise
        return run

    async def _driven(self, run: Run, given: Given, ready: asyncio.Future[None]) -> dict[str, Any]:
        try:
            return await self._driver.drive(run, given, lambda: ready.set_result(None))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)
            return {}
        finally:
            self._runs.discard(run)
