"""Looking at the runs on one database: how they stand, what happened in them, why they came out so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, TypeAlias

from langgraph_quorum.nodes.merging.strategies import Strategy, StrategyName
from langgraph_quorum.orchestration.driving import Driver
from langgraph_quorum.orchestration.events import RunEvent
from langgraph_quorum.orchestration.explaining import Explanation, explain_run
from langgraph_quorum.orchestration.history import StoredCheckpoint, history_of
from langgraph_quorum.orchestration.opening import closed_error, other_loop_error
from langgraph_quorum.orchestration.persistence.lease_statistics import lease_statistics
from langgraph_quorum.orchestration.persistence.listing import RunPage, Wanted, list_page
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import get_run, opened
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.stored_run import RunStatus, without_input
from langgraph_quorum.orchestration.remerging import Remerged, check_policy, check_strategy, remerge_run
from langgraph_quorum.orchestration.statistics import Statistics
from langgraph_quorum.orchestration.watching import watch_thread
from langgraph_quorum.state.artifacts import ArtifactRef
from langgraph_quorum.state.errors import ArtifactError
from langgraph_quorum.state.policies import WeightPolicy

History: TypeAlias = list[StoredCheckpoint]


class StoredRuns:
    """The runs on one database, to be looked at. What reads without the graph holds for runs of all workflows."""

    def __init__(self, driver: Driver, saver: GroupCommitSaver, pool: Pool) -> None:
        self._parts: tuple[Driver, GroupCommitSaver, Pool] | None = (driver, saver, pool)
        self._loop = asyncio.get_running_loop()

    def _close(self) -> None:
        """Refuse every call from now on."""
        self._parts = None

    @property
    def _open(self) -> tuple[Driver, GroupCommitSaver, Pool]:
        if self._parts is None:
            raise closed_error()
        if _running_loop() not in (None, self._loop):
            raise other_loop_error()
        return self._parts

    @property
    def _driver(self) -> Driver:
        return self._open[0]

    @property
    def _saver(self) -> GroupCommitSaver:
        return self._open[1]

    @property
    def _pool(self) -> Pool:
        return self._open[2]

    async def get(self, thread_id: str) -> dict[str, Any]:
        """The outcome as it stands, without driving the run; of one that its graph failed with the `reason`.

        The keys `thread_id`, `status`, `interrupts` and `reason` are always ours: fields of the same names, of a graph
        of your own, are under `values`.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            ConfigurationError: the run is one of another workflow.
            DatabaseError: the database cannot be used.
        """
        return await self._driver.outcome(await get_run(self._pool, thread_id))

    async def list(
        self,
        *,
        status: RunStatus | None = None,
        workflow: str | None = None,
        tag: str | None = None,
        older_than_s: float | None = None,
        newer_than_s: float | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> RunPage:
        """One page of the runs that meet every condition, the last changed first, without what they were given.

        Of a run's input only `sources` is among its options, and options of more than 64 kB are left out.

        Args:
            status: How they stand.
            workflow: Whose runs; by default those of all workflows.
            tag: One that they have.
            older_than_s: Seconds since their last start or end at least, by the database's clock.
            newer_than_s: Seconds at most.
            limit: Runs on a page, from 1 to 1000.
            after: `next` of the page before.

        Raises:
            ConfigurationError: a condition makes no sense, or `after` is not from a page.
            SealError: a run is encrypted, and not for our sealer.
            DatabaseError: the database cannot be used.
        """
        wanted = Wanted(
            status=status,
            workflow=workflow,
            tag=tag,
            older_than_s=older_than_s,
            newer_than_s=newer_than_s,
            limit=limit,
            after=after,
        )
        page = await list_page(self._pool, wanted)
        return replace(page, runs=tuple(without_input(opened(run, self._driver.sealer)) for run in page))

    async def history(self, thread_id: str, *, limit: int = 50, before: str | None = None) -> History:
        """The states that a run has stood in, the newest first: what it can be forked from.

        Empty where it failed, or was stopped, before the first.

        Args:
            thread_id: The thread.
            limit: How many at most, from 1 to 1000.
            before: A checkpoint id: only older ones.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            ConfigurationError: `limit` makes no sense, or the run has no checkpoint `before`.
            DatabaseError: the database cannot be used.
        """
        return await history_of(self._pool, self._saver, thread_id, limit=limit, before=before)

    async def explain(self, thread_id: str) -> Explanation:
        """Say in plain words how a run came to its result: `print((await quorum.explain("t1")).text())`.

        Why each sync point moved on and whom it left behind, how each weight came about, where specialists disagreed,
        what was tried again, the verdict, and what it took. Runs of any workflow, finished or not, are explained from
        what is stored.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            ConfigurationError: the run is one of a graph that is no workflow of ours.
            DatabaseError: the database cannot be used.
        """
        return await explain_run(self._pool, self._saver, await self._driver.stored(thread_id))

    async def remerge(
        self, thread_id: str, strategy: StrategyName | Strategy, policy: WeightPolicy | None = None
    ) -> Remerged:
        """Merge the stored results of a run again, beside how the run has merged them.

        No specialist runs, and nothing is written: the run stays as it is. Runs of any workflow will do.

        Args:
            thread_id: The run, finished or not.
            strategy: Its name; one with options, such as `Consensus(method="majority")`; or a function.
            policy: How results weigh; by default as the run has weighed them.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            ConfigurationError: there is no such strategy, or the run is one of a graph that is no workflow of ours, or
                no branch of it has ended.
            ArtifactError: a text that a result refers to is there no more.
            ResultError: the strategy returns what cannot be kept.
            DatabaseError: the database cannot be used.
        """
        check_strategy(strategy)
        check_policy(policy)
        stored, store = await self._driver.stored(thread_id), self._driver.artifacts
        return await remerge_run(
            self._pool, self._saver, stored, strategy, weigh=lambda own: policy or own, store=store
        )

    async def artifact(self, ref: ArtifactRef) -> bytes:
        """The content of a reference, as it stands in place of a large text in branches' results and in states.

        Raises:
            ArtifactError: it is not there, is not what the reference says, or there is no store.
            DatabaseError: the database cannot be used.
        """
        if self._driver.artifacts is None:
            raise ArtifactError("this orchestrator has no artifact store: open it with artifacts=...")
        return await self._driver.artifacts.get(ref)

    def watch(self, thread_id: str, *, poll_s: float = 0.5) -> AsyncIterator[RunEvent]:
        """The events of a run, whoever drives it, from its start until nobody drives it any more.

        Args:
            thread_id: The thread.
            poll_s: Seconds between two looks at the database, from 0.01.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            ConfigurationError: `poll_s` makes no sense.
            DatabaseError: the database cannot be used.
        """
        return watch_thread(self._saver, self._pool, thread_id, poll_s=poll_s)

    def statistics(self) -> Statistics:
        """What connections, writes and leases are doing now."""
        return Statistics(self._pool.statistics(), self._saver.statistics(), lease_statistics(self._pool))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of the caller; None in a thread without one, from where figures may be looked at."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
