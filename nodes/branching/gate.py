"""The gate: where the branches of one fan-out meet. A thin shell around `decide`, with a clock.

LangGraph ends a superstep when all its tasks have ended. So every branch races its work against this gate: when the
gate releases, each straggler's task returns at once, and the barrier falls while the work itself may still be running.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from langgraph_quorum.nodes.branching.admission import Admission, Ticket
from langgraph_quorum.state.branch import Wave
from langgraph_quorum.state.decision import Arrivals, Release, decide, is_good
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.records import BranchRecord

T = TypeVar("T")

_log = logging.getLogger(__name__)

CANCEL_WAIT_S = 0.1
"""How long a cancelled straggler may clean up before it is abandoned."""
DRAIN_LOOK_S = 0.1
"""How often a drain request is looked for: LangGraph's run control has no event to wait on."""

_abandoned: set[asyncio.Task[Any]] = set()
"""Keeps abandoned tasks from being collected while they run."""


class Gate:
    """One fan-out's rendezvous. Lives on one event loop; all times are that loop's."""

    def __init__(
        self, policy: SyncPolicy, wave: Wave, drain_requested: Callable[[], bool], preset: Mapping[str, BranchRecord]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._policy = policy
        self._total = wave["total"]
        self._needed = policy.needed(wave["total"], wave["earlier"])
        self._drain_requested = drain_requested
        self._opened_at = self._loop.time()
        self._quorum_at: float | None = None
        self._succeeded = self._good = self._settled = self._failed = 0
        self._must = set(wave["must"])
        self._decisive = False
        self._results: dict[str, Any] = {}
        self._awaiting: set[str] = set()
        self._bells: dict[str, asyncio.Future[None]] = {}
        self._turns: dict[str, asyncio.Future[str]] = {}
        self._admission = Admission(wave, self._opened_at)
        self._timer: asyncio.TimerHandle | None = None
        self._drain_timer: asyncio.TimerHandle | None = None
        self.released: Release | None = None
        for record in preset.values():
            self._count(record)
        self._consider()
        if self.released is None:
            self._look_for_drain()

    # -- what a branch does -------------------------------------------------------------------------------------------

    def elapsed(self, until: float | None = None) -> float:
        """Seconds since the fan-out began, up to now or to a moment of the loop's clock."""
        return (self._loop.time() if until is None else until) - self._opened_at

    def progress(self) -> dict[str, int]:
        """How far the fan-out has come, for people who watch."""
        return {
            "total": self._total,
            "good": self._good,
            "settled": self._settled,
            "needed": self._needed,
            "running": self._admission.running,
            "at_once": self._admission.limit,
        }

    async def turn(self, ticket: Ticket) -> str:
        """Wait until this branch may start. Returns the prerequisite for whose lack it is to be skipped, or ""."""
        self._admission.queue(ticket)
        if self._give_turns(ticket):
            return ticket.missing
        turn: asyncio.Future[str] = self._loop.create_future()
        self._turns[ticket.branch_id] = turn
        try:
            return await turn
        finally:
            self._turns.pop(ticket.branch_id, None)

    def results_of(self, branch_ids: list[str]) -> dict[str, Any]:
        """Results of prerequisites that succeeded in this fan-out."""
        return {branch_id: self._results[branch_id] for branch_id in branch_ids if branch_id in self._results}

    def awaits_human(self, branch_id: str) -> bool:
        """Whether this branch ended by asking a human."""
        return branch_id in self._awaiting

    async def race(self, branch_id: str, work: Coroutine[Any, Any, T], begun: Callable[[], bool]) -> T | Release:
        """The work's outcome, or the gate's release, whichever comes first. Work that is done is never thrown away.

        A straggler that answers while it is being cancelled has answered; one that raises then was cut, not at fault.
        One that has not `begun` is always cancelled: to abandon it would be to start it when nobody listens any more.
        """
        if self.released is not None:
            work.close()
            return self.released
        bell: asyncio.Future[None] = self._loop.create_future()
        self._bells[branch_id] = bell
        task = asyncio.create_task(work, name=f"quorum:{branch_id}")
        task.add_done_callback(lambda _: None if bell.done() else bell.set_result(None))
        try:
            await bell
        except asyncio.CancelledError:
            await self._stop(task, cancel=True)
            raise
        finally:
            self._bells.pop(branch_id, None)
        if task.done():
            return task.result()
        released = self.released
        assert released is not None  # noqa: S101  the bell rings for the task's end or for the release
        abandon = self._policy.on_straggler == "abandon" and released.reason != "drained" and begun()
        await self._stop(task, cancel=not abandon)
        if task.done() and not task.cancelled() and task.exception() is None:
            return task.result()
        return released

    def settle(self, record: BranchRecord) -> None:
        """Note how a branch ended and decide anew."""
        self._count(record)
        self._consider()
        self._give_turns()

    # -- what the gate does -------------------------------------------------------------------------------------------

    def _count(self, record: BranchRecord) -> None:
        succeeded = record["status"] == "succeeded"
        self._settled += 1
        self._succeeded += succeeded
        self._good += is_good(self._policy, record)
        self._failed += record["status"] in ("failed", "timed_out", "skipped")
        if succeeded:
            self._results[record["branch_id"]] = record["result"]
            self._must.discard(record["branch_id"])
            self._decisive = self._decisive or self._says_enough()
        elif record["status"] == "awaiting_human":
            self._awaiting.add(record["branch_id"])
        if self._quorum_at is None and self._good >= self._needed and not self._must:
            self._quorum_at = self._loop.time()
        self._admission.ended(record["branch_id"], succeeded=succeeded, now=self._loop.time())

    def _says_enough(self) -> bool:
        if self._policy.until is None:
            return False
        try:
            return bool(self._policy.until(MappingProxyType(self._results)))
        except Exception:  # noqa: BLE001  it is logged, and a broken wish for less must not end the run
            _log.exception("until of sync point %r failed on %d results", self._policy.name, len(self._results))
            return False

    def _consider(self) -> None:
        if self.released is not None:
            return
        arrivals = Arrivals(
            self._total,
            self._good,
            self._settled,
            self._succeeded,
            self._opened_at,
            self._quorum_at,
            failed=self._failed,
            decisive=self._decisive,
        )
        decision = decide(self._policy, arrivals, self._loop.time())
        if isinstance(decision, Release):
            self._release(decision)
            return
        if self._timer is None or self._timer.when() != decision.until:
            self._stop_timer()
            if math.isfinite(decision.until):
                self._timer = self._loop.call_at(decision.until, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        self._consider()

    def _release(self, release: Release) -> None:
        self.released = release
        self.close()
        for bell in self._bells.values():
            if not bell.done():
                bell.set_result(None)

    def _look_for_drain(self) -> None:
        if self._drain_requested():
            self._release(Release("drained"))
        else:
            self._drain_timer = self._loop.call_later(DRAIN_LOOK_S, self._look_for_drain)

    def _give_turns(self, asking: Ticket | None = None) -> bool:
        """Tell those whose turn has come. Says whether the one that is asking is among them."""
        if self.released is not None:
            return False
        granted = False
        for ticket in self._admission.admit():
            turn = self._turns.get(ticket.branch_id)
            if ticket is asking:
                granted = True
            elif turn is not None and not turn.done():
                turn.set_result(ticket.missing)
            elif not ticket.missing:  # its task was cancelled while it waited: the turn is free again
                self._admission.ended(ticket.branch_id, succeeded=False, now=self._loop.time())
        return granted

    async def _stop(self, task: asyncio.Task[Any], *, cancel: bool) -> None:
        try:
            if cancel:
                task.cancel()
                await asyncio.wait({task}, timeout=CANCEL_WAIT_S)
        finally:
            _abandoned.add(task)
            task.add_done_callback(_forget)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Stop the clock."""
        self._stop_timer()
        if self._drain_timer is not None:
            self._drain_timer.cancel()


def _forget(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that the loop does not complain of an error nobody waits for
