"""The runs that this process drives, from their beginning to their end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from langgraph_quorum.orchestration.driving import Driver
from langgraph_quorum.orchestration.ended import ended_outcome
from langgraph_quorum.orchestration.failing import why_failed
from langgraph_quorum.orchestration.given import Given
from langgraph_quorum.orchestration.opening import closed_error, stopped_error
from langgraph_quorum.orchestration.persistence.lease import OnBusy
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.state.errors import ThreadBusyError

logger = logging.getLogger(__name__)

STOP_S = 10.0
"""Seconds that a run may take to stop, when nothing else is said."""


class Begun:
    """Runs of one driver that have not ended."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._runs: set[Run] = set()
        self._closed = False

    async def begin(self, thread_id: str, given: Given, on_busy: OnBusy, wait_s: float) -> Run:
        """Take the thread up in the background; return once it is ours, or raise why it is not."""
        if self._closed:
            raise closed_error()
        run = Run(thread_id)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ready.add_done_callback(_looked_at)
        run.begin(self._driven(run, given, ready, on_busy, wait_s))
        self._runs.add(run)
        try:
            await asyncio.shield(ready)
        except asyncio.CancelledError:
            await run.stop(STOP_S)
            raise
        return run

    def of(self, thread_id: str) -> list[Run]:
        """The runs that drive this thread: one, or also the one that it was just taken over from; often none."""
        return [run for run in self._runs if run.thread_id == thread_id and run.taken]

    async def stop(self, timeout_s: float) -> None:
        """Drain them all, and break off what has not stopped in time."""
        await asyncio.gather(*(run.stop(timeout_s) for run in list(self._runs)))

    async def close(self) -> None:
        """Stop them all, and begin no more."""
        self._closed = True
        await self.stop(STOP_S)

    async def _driven(
        self, run: Run, given: Given, ready: asyncio.Future[None], on_busy: OnBusy, wait_s: float
    ) -> dict[str, Any]:
        def taken() -> None:
            run.taken = True
            ready.set_result(None)

        try:
            return await self._taken_up(run, given, taken, on_busy, wait_s)
        except BaseException as error:
            if ready.done():
                self._tell(run, error)
                raise
            ready.set_exception(stopped_error(run.thread_id) if isinstance(error, asyncio.CancelledError) else error)
            return {}
        finally:
            self._runs.discard(run)

    async def _taken_up(
        self, run: Run, given: Given, taken: Callable[[], None], on_busy: OnBusy, wait_s: float
    ) -> dict[str, Any]:
        """Drive. A run that has ended needs nobody's leave: its thread is held by who looks at it, as we would."""
        try:
            return await self._driver.drive(run, given, taken, on_busy=on_busy, wait_s=wait_s)
        except ThreadBusyError:
            outcome = None if run.taken else await ended_outcome(self._driver, run, given)
            if outcome is None:
                raise
        taken()
        return outcome

    def _tell(self, run: Run, error: BaseException) -> None:
        """Log why a run has failed whose result nobody awaits: it would be known to the register alone."""
        if run.attended or isinstance(error, asyncio.CancelledError):
            return
        why = why_failed(error, self._driver.pool, sealed=self._driver.sealer is not None)
        logger.warning("thread %r has failed, and nobody awaits its result: %s", run.thread_id, why)


def _looked_at(ready: asyncio.Future[None]) -> None:
    """A caller that was cancelled does not ask why its thread could not be taken: that is no news for the log."""
    if not ready.cancelled():
        ready.exception()
