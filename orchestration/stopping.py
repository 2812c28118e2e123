"""Stopping runs: those that this process drives, and those of others by asking their drivers."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph_quorum.orchestration.archive import Archive
from langgraph_quorum.orchestration.begun import STOP_S, Begun
from langgraph_quorum.orchestration.bounds import check_reason, check_seconds
from langgraph_quorum.orchestration.cancelling import cancel_thread, drain_thread
from langgraph_quorum.orchestration.driving import Driver
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver


class Stopping(Archive):
    """The runs on one database, to be looked at, copied, deleted and stopped."""

    def __init__(self, driver: Driver, saver: GroupCommitSaver, pool: Pool) -> None:
        super().__init__(driver, saver, pool)
        self._begun = Begun(driver)

    async def _end(self) -> None:
        """Refuse every call from now on, and stop what goes on: the database is about to be left."""
        self._close()
        await self._begun.close()

    async def cancel(self, thread_id: str, *, reason: str | None = None, wait_s: float = 0.0) -> dict[str, Any]:
        """Stop a run at once, for good: what is finished is kept, running branches are cancelled.

        A run that this orchestrator drives has stopped when this returns, unless a node of it refuses to be cancelled
        for more than ten seconds. The driver of another sees the request within a third of its lease's time. One that
        nobody drives is cancelled at once. A run that has ended stays as it is. Only `resume` takes a cancelled run up
        again.

        Args:
            thread_id: The thread.
            reason: Kept with the run.
            wait_s: Seconds to wait for a driver elsewhere; when they are more than ten, for one here as well.

        Returns:
            The outcome as it stands then: its status is `cancelled`, `running` when its driver has not stopped yet, or
            how the run ended before it could be cancelled.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            ConfigurationError: the run is one of another workflow, `wait_s` has no end, or `reason` is no text.
            ThreadBusyError: drivers come and go too fast to be asked.
            DatabaseError: the database cannot be used.
        """
        check_seconds("wait_s", wait_s)
        check_reason(reason)
        self._driver.check_workflow(await get_run(self._pool, thread_id))
        here = self._begun.of(thread_id)
        for run in here:
            run.cut(reason)
        await asyncio.gather(*(run.ended(max(STOP_S, wait_s)) for run in here))
        if not here:
            await cancel_thread(self._pool, thread_id, reason=reason, wait_s=wait_s)
        return await self.get(thread_id)

    async def drain(self, thread_id: str | None = None, *, timeout_s: float = STOP_S) -> None:
        """Stop runs soon: what is finished is kept, and `resume` goes on.

        Args:
            thread_id: One run, whoever drives it; by default all that this orchestrator drives.
            timeout_s: Seconds to wait for them to stop. A run of this orchestrator that has not is broken off.

        Raises:
            ThreadNotFoundError: nothing is stored under this thread.
            ConfigurationError: `timeout_s` has no end.
            DatabaseError: the database cannot be used.
        """
        check_seconds("timeout_s", timeout_s)
        pool = self._pool
        if thread_id is None:
            await self._begun.stop(timeout_s)
        elif here := self._begun.of(thread_id):
            await asyncio.gather(*(run.stop(timeout_s) for run in here))
        else:
            await drain_thread(pool, thread_id, wait_s=timeout_s)
