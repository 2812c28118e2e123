"""The orchestrator: starts and resumes runs of one graph, each driven by one process at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Generic

from langgraph.graph import StateGraph
from langgraph.typing import StateT
from typing_extensions import TypeVar

from langgraph_quorum.orchestration.artifacts import default_artifacts
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.driving import Driver
from langgraph_quorum.orchestration.expiry import expire
from langgraph_quorum.orchestration.given import (
    Entry,
    Given,
    check_context,
    check_names,
    check_options,
    check_storable,
    fields_of,
    kept_input,
)
from langgraph_quorum.orchestration.naming import check_thread_id, new_thread_id
from langgraph_quorum.orchestration.opening import check_opening
from langgraph_quorum.orchestration.persistence.artifacts.binding import input_away
from langgraph_quorum.orchestration.persistence.encryption import environment_sealer
from langgraph_quorum.orchestration.persistence.lease import TTL_S, OnBusy
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.register import checked_tags
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.orchestration.same_input import left_to_defaults
from langgraph_quorum.orchestration.stopping import Stopping
from langgraph_quorum.orchestration.storable import check_answers_kept, check_input_kept
from langgraph_quorum.state.ports import ArtifactStore

_WAIT_S = 60.0

Input_contra = TypeVar("Input_contra", default=Any, contravariant=True)
"""What the graph takes: `Orchestrator` alone is one of any graph."""


class Orchestrator(Stopping, Generic[Input_contra]):
    """Runs of one graph on one database. Made by `Orchestrator.open`.

    Raises:
        ConfigurationError: on every call after the block, and from another event loop.
        SealError: on every call that reads a run which is encrypted, and not for our keys.
        BlockedTypeError: on every call that reads a run whose state holds a class which is not among `allow`.
    """

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        graph: StateGraph[Any, Any, StateT, Any],
        dsn: str | None = None,
        *,
        workflow: str = "workflow",
        allow: tuple[type, ...] = (),
        folder: Path | None = None,
        pool: PoolSettings | None = None,
        encryption: Sealer | None = None,
        relaxed_writes: bool = False,
        lease_ttl_s: float = TTL_S,
        artifacts: ArtifactStore | None = None,
    ) -> AsyncIterator[Orchestrator[StateT]]:
        """Open the database and compile the graph on it. Runs that still go on at the end are drained.

        Args:
            graph: An uncompiled graph, for instance of `build_workflow`.
            dsn: A Postgres connection string; else QUORUM_DSN; else an embedded server is started.
            workflow: The name under which its runs are listed.
            allow: Classes of your own that the graph's state holds.
            folder: Where the embedded server keeps its data.
            pool: How connections are made and kept, and in which schema the tables are.
            encryption: Encrypts what is stored, for instance `Encryption(keys)`; else QUORUM_ENCRYPTION_KEYS, if set.
            relaxed_writes: Do not wait for the server's disk where only results of branches are written: when the
                server's machine fails, those of its last moments are lost, and their branches run again.
            lease_ttl_s: Seconds from a driver's last sign of life until another host may take its run; at least 0.3.
            artifacts: Where large texts are kept, once each, instead of in every state they are part of; by default
                this database. With encryption that needs the key QUORUM_ARTIFACT_KEY.

        Raises:
            ConfigurationError: the DSN, a setting or an allowed type makes no sense.
            DatabaseError: the database cannot be used.
            MissingExtraError: no DSN is given without the extra `embedded`, or keys without `encryption`.
        """
        check_opening(graph, workflow=workflow, encryption=encryption, lease_ttl_s=lease_ttl_s, artifacts=artifacts)
        async with (
            open_database(dsn, folder=folder, pool=pool) as opened,
            cls.on(
                graph,
                opened,
                workflow,
                allow,
                encryption=encryption,
                relaxed_writes=relaxed_writes,
                lease_ttl_s=lease_ttl_s,
                artifacts=artifacts,
            ) as orchestrator,
        ):
            yield orchestrator

    @classmethod
    @asynccontextmanager
    async def on(
        cls,
        graph: StateGraph[Any, Any, StateT, Any],
        pool: Pool,
        workflow: str = "workflow",
        allow: tuple[type, ...] = (),
        *,
        encryption: Sealer | None = None,
        relaxed_writes: bool = False,
        lease_ttl_s: float = TTL_S,
        artifacts: ArtifactStore | None = None,
    ) -> AsyncIterator[Orchestrator[StateT]]:
        """The same on a pool that is open already."""
        check_opening(graph, workflow=workflow, encryption=encryption, lease_ttl_s=lease_ttl_s, artifacts=artifacts)
        sealer = environment_sealer() if encryption is None else encryption
        saver = make_saver(pool, allow=allow, sealer=sealer, relaxed_writes=relaxed_writes)
        store = default_artifacts(pool, sealer) if artifacts is None else artifacts
        driver = Driver(graph.compile(checkpointer=saver), pool, workflow, lease_ttl_s, sealer, store)
        orchestrator: Orchestrator[StateT] = cls(driver, saver, pool)  # type: ignore[assignment]  # one of this graph
        try:
            yield orchestrator
        finally:
            try:
                await orchestrator._end()
            finally:
                saver.close()

    async def start(
        self,
        values: Input_contra,
        thread_id: str | None = None,
        *,
        context: Any = None,
        options: Mapping[str, Any] | None = None,
        tags: Collection[str] = (),
        on_busy: OnBusy = "reject",
        wait_s: float = _WAIT_S,
    ) -> Run:
        """Start a run, or take up the one that this thread holds: nothing that is finished runs again.

        A finished thread gives its result at once, and a cancelled one how it stands; an interrupted one goes on where
        it was. Another input than the thread was started with is refused. A default that is made anew for each object
        is no other input; of a dataclass that goes for every field with a factory, unless that is a `list` or the like.
        A thread that the graph has begun without an orchestrator is taken up likewise, whatever its input was.

        Args:
            values: The graph's input.
            thread_id: The thread; a new one when left out.
            context: The run's context, for instance `{"threshold": 0.5}`.
            options: JSON values kept with the run, for whoever builds the graph again on resume.
            tags: What the run can be listed by.
            on_busy: When another driver runs this thread: `reject` raises, `wait` waits for it to end, `take_over`
                takes the thread from it; what that one still writes is refused.
            wait_s: Seconds to wait, with `wait`.

        Raises:
            ConfigurationError: the input or the context names an unknown field, or the input holds what cannot be
                stored; an option has the name of what a run keeps by itself; or the thread runs another workflow, or
                was started with another input.
            ThreadBusyError: another driver runs this thread.
            DatabaseError: the database cannot be used.
        """
        target = new_thread_id() if thread_id is None else check_thread_id(thread_id)
        given = fields_of(values)
        check_names(given, self._driver.inputs)
        check_storable(given, self._driver.graph.channels)
        check_context(context, self._driver.graph.context_schema)
        check_options({} if options is None else options)
        given = await input_away(given, self._driver.context(context, None))
        known = kept_input(given)
        if not known:
            await check_input_kept(given, self._driver.graph.checkpointer)
        kept = {**(options or {}), **known}
        task = given.get("task")
        entry = Entry(task if isinstance(task, str) else "", kept, tuple(checked_tags(tags)))
        begun = Given(dict(given), entry, context=context, unsaid=left_to_defaults(values))
        return await self._begun.begin(target, begun, on_busy, wait_s)

    async def resume(
        self,
        thread_id: str,
        answers: Mapping[str, Any] | None = None,
        *,
        context: Any = None,
        on_busy: OnBusy = "reject",
        wait_s: float = _WAIT_S,
    ) -> Run:
        """Go on with a run that was stopped, cancelled or forked, crashed, or waits for a human.

        Args:
            thread_id: The thread.
            answers: Answers by interrupt id, for some or all open questions.
            context: The run's context.
            on_busy: When another driver runs this thread: `reject`, `wait` or `take_over`, as for `start`.
            wait_s: Seconds to wait, with `wait`.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            AnswerError: an answer is to a question that is not open, or cannot be stored.
            ConfigurationError: the run is one of another workflow, or waits for a node that the graph does not have; or
                the context names an unknown field.
            ThreadBusyError: another driver runs this thread.
            DatabaseError: the database cannot be used.
        """
        stored = await self._driver.stored(thread_id)
        self._driver.check_workflow(stored)
        check_context(context, self._driver.graph.context_schema)
        if isinstance(answers, Mapping) and not kept_input(answers):
            await check_answers_kept(answers, self._driver.graph.checkpointer)
        entry = Entry(stored.task, dict(stored.options))
        answered = {} if answers is None else answers
        given = Given(stored.options.get("input"), entry, answered, context, revives=True)
        return await self._begun.begin(thread_id, given, on_busy, wait_s)

    async def expire(self) -> dict[str, dict[str, Any]]:
        """Carry out the default of every question of this workflow's runs whose time is up, by the database's clock.

        Returns:
            The outcomes, by thread, of the runs that went on. One that another driver has just taken up is left to it.

        Raises:
            DatabaseError: the database cannot be used.
        """
        return await expire(self, workflow=self._driver.workflow)
