"""Copying and deleting runs: what changes what is stored of them without driving one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from langgraph_quorum.orchestration.edits import Edit
from langgraph_quorum.orchestration.forking import fork_thread
from langgraph_quorum.orchestration.given import check_storable
from langgraph_quorum.orchestration.naming import check_thread_id, new_thread_id
from langgraph_quorum.orchestration.persistence.artifacts.collecting import collect
from langgraph_quorum.orchestration.persistence.stored_run import RunStatus
from langgraph_quorum.orchestration.pruning import Pruned, PruneReport, delete_thread, prune_runs
from langgraph_quorum.orchestration.stored_runs import StoredRuns


class Archive(StoredRuns):
    """The runs on one database, to be looked at, copied and deleted."""

    async def fork(
        self,
        thread_id: str,
        checkpoint_id: str | None = None,
        *,
        values: Mapping[str, Any] | None = None,
        as_node: str | None = None,
        into: str | None = None,
    ) -> str:
        """Copy a run as it stood at a checkpoint into a thread of its own. The original stays as it is.

        Nothing is driven until `resume`. The latest checkpoint comes with what has been finished since, so that it is
        not done again; after an earlier one the steps that followed are done again. A nested graph that had not ended
        starts anew in the copy, and asks its questions again; one that remembers its earlier runs (compiled with
        `checkpointer=True`) remembers those before the checkpoint.

        Args:
            thread_id: The run.
            checkpoint_id: Which state, as `history` names it; by default the latest.
            values: Fields of the state to change, put in through their reducers. The step that follows starts anew
                then, branches that had finished in it included.
            as_node: The node that the values are to come from, which decides what follows, or LangGraph's `START`, as
                if they were an input; by default the last one that wrote.
            into: The new thread's id; a fresh one when left out.

        Returns:
            The new thread's id.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            ConfigurationError: the target exists, the run has no such checkpoint, the graph no such field or node, the
                run is one of another workflow, or a nested graph's memory, kept as changes, cannot be put together.
            ThreadBusyError: somebody is about to drive the target.
            DatabaseError: the database cannot be used.
        """
        edit = Edit(values, as_node)
        edit.check(self._driver.graph)
        check_storable(values or {}, self._driver.graph.channels)
        source = await self._driver.stored(thread_id)
        self._driver.check_workflow(source)
        target = new_thread_id() if into is None else check_thread_id(into, "into")
        await fork_thread(self._driver, source, checkpoint_id=checkpoint_id, into=target, edit=edit)
        return target

    async def delete(self, thread_id: str) -> None:
        """Delete all that is stored of a run.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            ThreadBusyError: somebody drives it: cancel it first.
            DatabaseError: the database cannot be used.
        """
        await delete_thread(self._pool, self._saver, thread_id)

    async def prune(
        self,
        *,
        older_than_s: float | None = None,
        keep: int | None = None,
        keep_latest: bool = False,
        status: RunStatus | Collection[RunStatus] | None = None,
        workflow: str | None = None,
        tag: str | None = None,
        dry_run: bool = False,
    ) -> PruneReport:
        """Delete old runs, or all their checkpoints but the latest, and artifacts that no run refers to.

        A run of any workflow goes that meets every condition. One that is driven never goes, and one that waits or was
        interrupted only when `status` names it.

        Args:
            older_than_s: Seconds since its last start or end at least, by the database's clock.
            keep: How many to keep of the newest that meet the other conditions, whatever their age.
            keep_latest: Keep the run with its latest checkpoint only.
            status: How it stands; by default approved, partial, failed or cancelled.
            workflow: Whose run.
            tag: One that it has.
            dry_run: Only tell.

        Raises:
            ConfigurationError: a condition makes no sense; without an age or a number to keep, all would be deleted.
            DatabaseError: the database cannot be used. What was deleted before is gone.
        """
        pruned = Pruned(
            older_than_s=older_than_s,
            keep=keep,
            keep_latest=keep_latest,
            status=status,
            workflow=workflow,
            tag=tag,
        )
        report = await prune_runs(self._pool, self._saver, pruned, dry_run=dry_run)
        if not dry_run:
            await collect(self._pool)
        return report
