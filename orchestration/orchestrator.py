"""The orchestrator: starts, resumes and looks up runs of one graph, each driven by one process at a time."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, StateSnapshot

from langgraph_quorum.orchestration.database import Pool, open_database
from langgraph_quorum.orchestration.driving import Drive
from langgraph_quorum.orchestration.outcome import (
    is_finished,
    is_new,
    open_questions,
    outcome_of,
    status_of,
    waits_for_human,
)
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.lease import Lease, hold_lease
from langgraph_quorum.orchestration.persistence.runs import StoredRun, get_run, list_runs, record_end, record_start
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.state.errors import (
    AnswerError,
    ConfigurationError,
    DatabaseError,
    LeaseLostError,
    ThreadNotFoundError,
)

_STOP_S = 10.0


class Orchestrator:
    """Runs of one graph on one database. Made by `Orchestrator.open`."""

    def __init__(self, graph: CompiledStateGraph[Any, Any, Any, Any], pool: Pool, workflow: str) -> None:
        self._graph, self._pool, self._workflow = graph, pool, workflow
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
            ThreadBusyError: another driver runs this thread.
            DatabaseError: the database cannot be used.
        """
        drive = self._drive(thread_id or uuid.uuid4().hex[:12], context)
        entry = _Entry(str(values.get("task") or ""), {**(options or {}), **_kept_input(values)})
        return await self._begin(drive, dict(values), entry)

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
        entry = _Entry(stored.task, dict(stored.options))
        return await self._begin(self._drive(thread_id, context), stored.options.get("input"), entry, answers)

    async def get(self, thread_id: str) -> dict[str, Any]:
        """The outcome as it stands, without driving the run.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
        """
        stored = await get_run(self._pool, thread_id)
        outcome = self._outcome(thread_id, await self._snapshot(thread_id))
        return {**outcome, "status": "running"} if stored.live else outcome

    async def list(self, *, limit: int = 50) -> list[StoredRun]:
        """The runs on this database, the last changed first."""
        return await list_runs(self._pool, limit=limit)

    async def drain(self, timeout_s: float = _STOP_S) -> None:
        """Stop all runs of this orchestrator: finished work is kept. Returns when they have stopped."""
        await asyncio.gather(*(run.stop(timeout_s) for run in list(self._runs)))

    # -- driving ------------------------------------------------------------------------------------------------------

    def _drive(self, thread_id: str, context: Any) -> Drive:
        return Drive(self._graph, Run(thread_id), _config(thread_id), context)

    async def _begin(
        self,
        drive: Drive,
        values: Mapping[str, Any] | None,
        entry: _Entry,
        answers: Mapping[str, Any] | None = None,
    ) -> Run:
        """Take the lease, see where the run stands, and drive it on in the background."""
        run = drive.run
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        run.begin(self._driven(drive, values, entry, answers or {}, ready))
        self._runs.add(run)
        try:
            await asyncio.shield(ready)
        except asyncio.CancelledError:
            await run.stop(_STOP_S)
            raise
        finally:
            if run.stopped:
                self._runs.discard(run)
        return run

    async def _driven(
        self,
        drive: Drive,
        values: Mapping[str, Any] | None,
        entry: _Entry,
        answers: Mapping[str, Any],
        ready: asyncio.Future[None],
    ) -> dict[str, Any]:
        thread_id = drive.run.thread_id
        try:
            async with hold_lease(self._pool, thread_id) as lease:
                snapshot = await self._snapshot(thread_id)
                given = _given(thread_id, snapshot, values, answers)
                if given is not _NOTHING:
                    await self._enter(thread_id, entry, lease, new=is_new(snapshot))
                _set(ready)
                if given is not _NOTHING:
                    await self._through(drive, given, lease)
                return self._outcome(thread_id, await self._snapshot(thread_id))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)
            return {}
        finally:
            self._runs.discard(drive.run)

    async def _enter(self, thread_id: str, entry: _Entry, lease: Lease, *, new: bool) -> None:
        """Enter the run as running. What it was first started with stays, whatever a later start was given."""
        if not new:
            stored = await get_run(self._pool, thread_id)
            if stored.workflow != self._workflow:
                mend = f"thread {thread_id!r} runs {stored.workflow!r}: take another thread, or that workflow"
                raise ConfigurationError("workflow", self._workflow, mend)
            entry = _Entry(stored.task, dict(stored.options))
        await record_start(
            self._pool,
            thread_id,
            workflow=self._workflow,
            task=entry.task,
            options=entry.options,
            token=lease.token,
        )

    async def _through(self, drive: Drive, given: Any, lease: Lease) -> None:
        """Drive, and enter how the run stands afterwards; a run that the graph itself refused has failed."""
        thread_id = drive.run.thread_id
        try:
            await drive.through(given, lease)
        except (DatabaseError, LeaseLostError):
            raise
        except Exception:
            await record_end(self._pool, thread_id, "failed", token=lease.token)
            raise
        await record_end(self._pool, thread_id, status_of(await self._snapshot(thread_id)), token=lease.token)

    async def _snapshot(self, thread_id: str) -> StateSnapshot:
        with database_errors(f"reading thread {thread_id!r}"):
            return await self._graph.aget_state(_config(thread_id))

    def _outcome(self, thread_id: str, snapshot: StateSnapshot) -> dict[str, Any]:
        channels = self._graph.output_channels
        return outcome_of(thread_id, snapshot, [channels] if isinstance(channels, str) else list(channels))


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the register keeps of a run."""

    task: str
    options: dict[str, Any]


_NOTHING = object()
"""There is nothing to drive."""


def _given(
    thread_id: str, snapshot: StateSnapshot, values: Mapping[str, Any] | None, answers: Mapping[str, Any]
) -> Any:
    """What to hand to the graph: its input, answers, None to go on, or `_NOTHING`."""
    if is_new(snapshot):
        if values is None:
            raise ThreadNotFoundError(thread_id)
        return values
    asked = open_questions(snapshot)
    unknown = [name for name in answers if name not in asked]
    if unknown:
        known = ", ".join(asked) or "none"
        raise AnswerError(f"no question {unknown[0]!r} is open on thread {thread_id!r}: the open ones are {known}")
    if answers:
        return Command(resume=dict(answers))
    return _NOTHING if is_finished(snapshot) or waits_for_human(snapshot) else None


def _config(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}}


def _kept_input(values: Mapping[str, Any]) -> dict[str, Any]:
    """The input as it can be kept with the run, for a crash before its first checkpoint; {} when it is not JSON."""
    try:
        return {"input": json.loads(json.dumps(dict(values), allow_nan=False))}
    except (TypeError, ValueError):
        return {}


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
