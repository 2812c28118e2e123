"""One branch's way through its gate: what it does there, and the record that it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from langgraph.errors import GraphBubbleUp, GraphInterrupt

from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.branching.attempts import SpecialistExitError, asked_to_stop
from langgraph_quorum.nodes.branching.deadlines import AttemptTimeoutError
from langgraph_quorum.nodes.branching.failure import describe, message_of
from langgraph_quorum.nodes.branching.outcome import ExcusedError, NotToRunError, Outcome, cut
from langgraph_quorum.nodes.branching.racing import race
from langgraph_quorum.nodes.branching.setting import Setting
from langgraph_quorum.nodes.branching.stopping import stop
from langgraph_quorum.nodes.branching.work import Work
from langgraph_quorum.state.branch import BranchCall
from langgraph_quorum.state.decision import Release
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.sync_policy import OnStraggler

SCORING_S = 5.0
"""How long a run that is asked to stop waits for the score of an answer that is there. Then the branch runs again."""


class Visit:
    """One branch at its gate.

    Attributes:
        branch_id: Whose it is.
        work: What it does: its own, or what has been under way since an earlier fan-out.
    """

    __slots__ = ("_adopted", "_call", "_crew", "_gate", "_points", "_setting", "_wave", "branch_id", "work")

    def __init__(self, setting: Setting, call: BranchCall) -> None:
        self._setting, self._call = setting, call
        self._crew, self._gate, self._wave = setting.crew, setting.gate, setting.wave
        self._points = call["points"]
        self.branch_id = call["item"]["branch_id"]
        self.work = Work(setting, call)
        self._adopted = False

    @property
    def released(self) -> Release | None:
        """The gate's release, once nothing waits for this branch any more."""
        return self._gate.released(self._points)

    @property
    def is_under_way(self) -> bool:
        """Whether its work has been going on since an earlier fan-out."""
        return bool(self._wave["round"]) and harvest.holds(self._wave["run"], self.branch_id)

    def start(self) -> asyncio.Task[Outcome]:
        """The work as a task: begun now, or still under way since an earlier fan-out."""
        straggler = harvest.adopt(self._wave["run"], self.branch_id) if self._wave["round"] else None
        if straggler is not None:
            self.work, self._adopted = straggler.work, True
            return straggler.task
        return asyncio.create_task(self.work.run(), name=f"quorum:{self.branch_id}")

    async def record(self, parks: Callable[[], bool]) -> BranchRecord:
        """Do the work, unless the gate releases first.

        Args:
            parks: Says whether a question to a human is left open, instead of raised.

        Raises:
            GraphInterrupt: the specialist asks a human.
        """
        released = self.released
        if released is not None:
            return self.end(self.cut(released))
        task = self.start()
        try:
            await asyncio.sleep(0)  # lets it begin: many a task ends at once, and needs no bell
        except asyncio.CancelledError:
            await stop(task, cancel=True)
            raise
        if not task.done():
            self.work.show()
        return await self.ended_by(task, parks)

    async def ended_by(self, task: asyncio.Task[Any], parks: Callable[[], bool]) -> BranchRecord:
        """The record of a task that does this branch's work, unless the gate releases first."""
        try:
            outcome = task.result() if task.done() else await self._raced(task)
        except BaseException as error:
            record = self.end(self.outcome_of(error))
            if isinstance(error, GraphInterrupt) and self._pauses(parks):
                raise
            return record
        return self.end(outcome)

    def _pauses(self, parks: Callable[[], bool]) -> bool:
        """Whether its question pauses the run: its task then does not count as done, so that it runs again.

        A branch that waits for one that asks pauses or is parked with it. Work of an earlier fan-out asks in vain: an
        answer reaches only the task that LangGraph knows; so its question is put off, to a fan-out of its own.
        """
        if self.work.follows:
            return self._gate.pauses
        if self._adopted or parks():
            return False
        self._gate.pauses = True
        return True

    async def _raced(self, task: asyncio.Task[Any]) -> Outcome:
        outcome = await race(self._gate, self.branch_id, self._points, task, self._on_straggler)
        if isinstance(outcome, Outcome):
            return outcome
        if outcome.reason == "drained":
            return await self._drained(outcome, task)
        if not task.done():
            self._gate.turns.runs_on(self.branch_id, self.work.effort.outlasting(task))
            if self._straggling(outcome) == "harvest":
                self._leave(task)
        return self.work.unscored() or self.cut(outcome)

    async def _drained(self, released: Release, task: asyncio.Task[Any]) -> Outcome:
        """The run was asked to stop. What is answered may still be scored: without, the run would end otherwise."""
        if self.work.answered is not None and not task.done():
            try:
                await asyncio.wait({task}, timeout=SCORING_S)
            finally:
                await stop(task, cancel=True)
            if task.done() and not task.cancelled() and task.exception() is None:
                outcome: Outcome = task.result()
                return outcome
        if not task.done():
            self._gate.turns.runs_on(self.branch_id, self.work.effort.outlasting(task))
        return self.cut(released)

    def outcome_of(self, error: BaseException) -> Outcome:
        """What an error amounts to: a branch never raises. Only what somebody outside wants goes through."""
        if isinstance(error, GraphInterrupt):
            return Outcome("awaiting_human", "waits for the answer of a human" if self.work.follows else "asks a human")
        if isinstance(error, asyncio.CancelledError) and not asked_to_stop():
            error = SpecialistExitError("the specialist cancelled its own task")
        if isinstance(error, GraphBubbleUp) or not isinstance(error, Exception):
            raise error
        return self._failure(error)

    def _failure(self, error: Exception) -> Outcome:
        if isinstance(error, SpecialistExitError):
            return Outcome("failed", str(error), error=describe(error, transient=False))
        if isinstance(error, NotToRunError):
            return Outcome("skipped", str(error), excused=isinstance(error, ExcusedError))
        if isinstance(error, AttemptTimeoutError):
            return Outcome("timed_out", f"{error}", error=describe(error, transient=True))
        transient = self._crew.seats[self.work.effort.answered_by].passes(error)
        return Outcome("failed", message_of(error)[:300], error=describe(error, transient=transient))

    def _on_straggler(self) -> OnStraggler:
        released = self.released
        return self._straggling(released) if released is not None else "cancel"

    def _straggling(self, released: Release) -> OnStraggler:
        """What becomes of its work. One that has not begun is always cancelled: nobody would hear its answer."""
        if released.reason == "drained":
            return "cancel" if self.work.answered is None else "abandon"
        if self.work.effort.began is None:
            return "cancel"
        return self._crew.points.policies[self._gate.last_of(self._points)].on_straggler

    def _leave(self, task: asyncio.Task[Outcome]) -> None:
        """Let the work run on, for its late result."""
        straggler = harvest.Straggler(task, lambda: self._late(task), self.work)
        harvest.keep(self._wave["run"], self.branch_id, straggler)

    def _late(self, task: asyncio.Task[Outcome]) -> BranchRecord | None:
        """The record of a straggler that has ended after all; None where it was stopped, or asks a human."""
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or isinstance(error, GraphBubbleUp):
            return None
        outcome = self._failure(error) if isinstance(error, Exception) else task.result()
        return {**self._written(outcome), "late": True}

    def cut(self, released: Release) -> Outcome:
        """What a release means for this branch."""
        threaded = self._crew.seats[self.work.effort.answered_by].specialist.is_sync
        return cut(released, begun=self.work.effort.began is not None, threaded=threaded)

    def end(self, outcome: Outcome) -> BranchRecord:
        """Settle the branch."""
        record = self._written(outcome)
        if self.work.effort.lost and (unended := self.work.effort.unended()) is not None:
            self._gate.turns.runs_on(self.branch_id, unended)
        self._gate.settle(record)
        if not outcome.drained:  # else it has not ended: it runs when the run goes on
            told = {"seconds": record["seconds"], "reason": outcome.reason}
            self._setting.tell(self._call, record["specialist"], outcome.status, told)
        self.work.heard = False  # an abandoned straggler runs on unheard
        return record

    def _written(self, outcome: Outcome) -> BranchRecord:
        effort, gate = self.work.effort, self._gate
        now, opened_at, began = gate.now(), gate.opened_at, effort.began
        points = self._points if "part_of" not in self._call["item"] else []
        record: BranchRecord = {
            "branch_id": self.branch_id,
            "specialist": effort.answered_by,
            "status": outcome.status,
            "result": outcome.result,
            "error": outcome.error,
            "reason": outcome.reason,
            "attempts": effort.attempts,
            "seconds": round(effort.seconds, 6),
            "waited_s": round((now if began is None else began) - opened_at, 6),
            "settled_s": round(now - opened_at, 6),
            "started_at": effort.started_at,
            "round": self._wave["round"],
            "group": self._call["item"].get("group", ""),
            "quality": outcome.quality,
            "release": outcome.release.reason if outcome.release is not None else None,
            "points": points,
            "missed": gate.missed(points, drained=outcome.drained),
            "excused": outcome.excused,
            "late": False,
            "cost": effort.cost,
            "work": outcome.work,
        }
        if effort.not_before is not None and outcome.status != "succeeded":
            record["not_before"] = effort.not_before
        return record
