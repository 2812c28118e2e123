"""Driving a thread: its lease, its entry in the register, its stream; one driver at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from langgraph.graph.state import CompiledStateGraph
from langgraph.types import StateSnapshot

from langgraph_quorum.nodes.branching.setting import HEARD_KEY
from langgraph_quorum.nodes.reviewing.expiry import CLOCK_KEY
from langgraph_quorum.orchestration.artifacts import with_text
from langgraph_quorum.orchestration.cancelling import until_stopped
from langgraph_quorum.orchestration.clocks import clocks_agree
from langgraph_quorum.orchestration.expiry import database_time, overdue, too_late
from langgraph_quorum.orchestration.failing import why_failed
from langgraph_quorum.orchestration.given import NOTHING, Given
from langgraph_quorum.orchestration.memories import called_anew
from langgraph_quorum.orchestration.outcome import is_new, open_questions, ours, outcome_of
from langgraph_quorum.orchestration.persistence.artifacts.binding import addresses_in, with_artifacts
from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.orchestration.persistence.lease import TTL_S, Lease, OnBusy, hold_lease
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.register import record_end, record_start
from langgraph_quorum.orchestration.persistence.runs import StoredRun, find_run, get_run, opened
from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.orchestration.rights import check_rights
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.orchestration.same_input import check_same_input, with_digest
from langgraph_quorum.orchestration.standing import check_nodes, standing, status_now
from langgraph_quorum.orchestration.streaming import stream
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError, LeaseLostError
from langgraph_quorum.state.ports import ArtifactStore
from langgraph_quorum.state.records import RunStatus


@dataclass(frozen=True, slots=True)
class Driver:
    """Drives threads of one graph on one database, and reads how they stand.

    Attributes:
        graph: Compiled with the database's saver.
        pool: The database.
        workflow: The name under which its runs are listed.
        lease_ttl_s: Seconds that a lease outlives its driver's last sign of life.
        sealer: Encrypts what the register keeps of a run's input.
        artifacts: Where large texts are kept; None keeps them in the state.
    """

    graph: CompiledStateGraph[Any, Any, Any, Any]
    pool: Pool
    workflow: str
    lease_ttl_s: float = TTL_S
    sealer: Sealer | None = None
    artifacts: ArtifactStore | None = None

    @property
    def inputs(self) -> frozenset[str]:
        """Names of the fields that the graph's input has."""
        builder = self.graph.builder
        return frozenset(builder.schemas[builder.input_schema])

    async def drive(
        self, run: Run, given: Given, on_taken: Callable[[], None], *, on_busy: OnBusy, wait_s: float
    ) -> dict[str, Any]:
        """Take the thread, go on from where it stands, and give its outcome.

        Args:
            run: Told of every event; its control asks for the drain.
            given: What the run was started or resumed with.
            on_taken: Called once the thread is ours and entered in the register.
            on_busy: What to do when another driver runs the thread.
            wait_s: Seconds to wait for that one, with `wait`.

        Raises:
            ThreadBusyError: another driver runs this thread.
            LeaseLostError: the lease was lost on the way.
            AnswerError: an answer is to a question that is not open, or had expired: then the run has gone on with what
                the review policy says for that case.
            DatabaseError: the database cannot be used, or its role lacks a right.
            ClockError: this host's clock is behind that of the thread's last driver.
            ConfigurationError: the thread runs another workflow, was started with another input, or waits for a node
                that the graph does not have.
        """
        thread_id = run.thread_id
        await check_rights(self.pool, artifacts=self._keeps_account)
        async with hold_lease(self.pool, thread_id, ttl_s=self.lease_ttl_s, on_busy=on_busy, wait_s=wait_s) as lease:
            snapshot = await self.snapshot(thread_id)
            await clocks_agree(thread_id, snapshot.created_at)
            found = await find_run(self.pool, thread_id)
            stored = None if found is None else opened(found, self.sealer)
            if stored is not None:
                self.check_workflow(stored)
                if not is_new(snapshot):
                    check_same_input(thread_id, given.said, given.entry.options, stored.options)
            await check_nodes(self.graph, thread_id, snapshot)
            late = await overdue(self.pool, open_questions(snapshot))
            refused = given.answering(late)
            values, given = self._to_do(thread_id, given, stored, snapshot, late)
            if values is NOTHING:
                status = await self._settled(thread_id, given, stored, snapshot, lease)
                on_taken()
            else:
                await self._enter(thread_id, given, stored, lease, new=is_new(snapshot))
                if not refused:
                    on_taken()
                within = await called_anew(self.pool, thread_id, snapshot) if values is None else {}
                snapshot, status = await self._through(run, values, given.context, lease, within)
                if refused:
                    raise too_late(thread_id, refused, status)
            run.workflow_id = snapshot.values.get("workflow_id", "") if ours(snapshot.values) else ""
            return await self._outcome_of(thread_id, snapshot, status)

    async def stored(self, thread_id: str) -> StoredRun:
        """What the register says of a run, with its task and options as they were given.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            SealError: the run is encrypted, and not for our sealer.
        """
        return opened(await get_run(self.pool, thread_id), self.sealer)

    async def snapshot(self, thread_id: str) -> StateSnapshot:
        """The latest state of a thread."""
        with database_errors(f"reading thread {thread_id!r}"):
            return await self.graph.aget_state(fenced_config(thread_id, None))

    async def outcome(self, stored: StoredRun) -> dict[str, Any]:
        """The output of a run as it stands, with the `reason` when the graph has failed.

        Raises:
            ConfigurationError: the thread runs another workflow.
        """
        self.check_workflow(stored)
        snapshot = await self.snapshot(stored.thread_id)
        driven = stored.live and not stored.ended  # one that has ended may be held by who looks at it
        status: RunStatus = "running" if driven else await standing(self.graph, stored, snapshot)
        reason = stored.reason if status == "failed" else None
        return await self._outcome_of(stored.thread_id, snapshot, status, reason)

    def check_workflow(self, stored: StoredRun) -> None:
        """Refuse a run of another workflow.

        Raises:
            ConfigurationError: naming both.
        """
        if stored.workflow != self.workflow:
            mend = f"thread {stored.thread_id!r} runs {stored.workflow!r}: take another thread, or that workflow"
            raise ConfigurationError("workflow", self.workflow, mend)

    def context(self, given: Any, thread_id: str | None, token: int | None = None) -> Any:
        """A run's context, with the store of large texts in it; no thread is that of an input that is no run's yet."""
        if self.artifacts is None:
            return given
        schema = self.graph.context_schema
        return with_artifacts(given, self.artifacts, thread_id, token=token, schema=schema)

    @property
    def _keeps_account(self) -> bool:
        """Whether the database says which thread refers to which artifact."""
        return isinstance(self.artifacts, PostgresArtifacts)

    async def _outcome_of(
        self, thread_id: str, snapshot: StateSnapshot, status: RunStatus, reason: str | None = None
    ) -> dict[str, Any]:
        channels = self.graph.output_channels
        names = [channels] if isinstance(channels, str) else list(channels)
        return await with_text(outcome_of(thread_id, snapshot, names, status=status, reason=reason), self.artifacts)

    def _to_do(
        self,
        thread_id: str,
        given: Given,
        stored: StoredRun | None,
        snapshot: StateSnapshot,
        late: Collection[str],
    ) -> tuple[Any, Given]:
        """What to hand to the graph, or `NOTHING`; and what was given, with answers remembered or given by default."""
        if stored is not None and not given.revives and _to_be_cancelled(stored):
            return NOTHING, given
        if asked := open_questions(snapshot):
            given = given.remembering({} if stored is None else stored.options, asked).expiring(late)
        return given.for_graph(thread_id, snapshot), given

    async def _enter(self, thread_id: str, given: Given, stored: StoredRun | None, lease: Lease, *, new: bool) -> None:
        """Enter the run as running. What it was first started with stays, whatever a later start was given."""
        taken_up = given.adopting() if stored is None else given.entered(stored.task, stored.options)
        entry = given.entry if new else taken_up
        await record_start(
            self.pool,
            thread_id,
            workflow=self.workflow,
            task=entry.task,
            options=with_digest(entry.options, given.said) if new else entry.options,
            tags=entry.tags,
            seen=None if stored is None else stored.asked,
            artifacts=set(addresses_in(given.values)) if self._keeps_account else (),
            token=lease.token,
            sealer=self.sealer,
        )
        lease.hear(None)  # what an earlier driver was asked; what was asked since is heard again
        lease.request.clear()

    async def _settled(
        self, thread_id: str, given: Given, stored: StoredRun | None, snapshot: StateSnapshot, lease: Lease
    ) -> RunStatus:
        """How a run stands that is not driven on.

        It is entered when the register says otherwise: the driver was killed before it could say how the run ended,
        or before it saw that it was asked to cancel it; or it was one without a register.
        """
        status = status_now(snapshot, cancelled=stored is not None and _to_be_cancelled(stored))
        if stored is None:
            await self._enter(thread_id, given, None, lease, new=False)
        if stored is None or (stored.status in ("running", "cancelled") and stored.status != status):
            await record_end(self.pool, thread_id, status, token=lease.token)
        return status

    async def _through(
        self, run: Run, values: Any, context: Any, lease: Lease, within: Mapping[str, Any]
    ) -> tuple[StateSnapshot, RunStatus]:
        """Drive, and enter how the run stands afterwards; a run that the graph itself refused has failed."""
        thread_id = run.thread_id
        config = fenced_config(thread_id, lease.token)
        clock, heard = functools.partial(database_time, self.pool), lambda: run.heard
        config["configurable"] |= {**within, CLOCK_KEY: clock, HEARD_KEY: heard}
        try:
            given = self.context(context, thread_id, lease.token)
            cut = await until_stopped(lease, run, stream(self.graph, run, values, config, given))
        except (DatabaseError, LeaseLostError):
            raise
        except Exception as error:
            why = why_failed(error, self.pool, sealed=self.sealer is not None)
            await record_end(self.pool, thread_id, "failed", reason=why, token=lease.token)
            raise
        snapshot = await self.snapshot(thread_id)
        status = status_now(snapshot, cancelled=cut and run.cancelled)
        await record_end(
            self.pool, thread_id, status, reason=run.reason if status == "cancelled" else None, token=lease.token
        )
        return snapshot, status


def _to_be_cancelled(stored: StoredRun) -> bool:
    return stored.status == "cancelled" or stored.asked == "cancel"
