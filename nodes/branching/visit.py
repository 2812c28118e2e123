"""One branch's way through its gate: what it does there, and the record that it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from langgraph.errors import GraphBubbleUp, GraphInterrupt

from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.branching.admission import Ticket
from langgraph_quorum.nodes.branching.attempts import Attempts, SpecialistExitError, asked_to_stop
from langgraph_quorum.nodes.branching.claims import EXCLUSIVE
from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.deadlines import AttemptTimeoutError
from langgraph_quorum.nodes.branching.effort import Effort
from langgraph_quorum.nodes.branching.failure import describe, message_of
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.nodes.branching.outcome import NO_WORK, ConditionError, ExcusedError, NotToRunError, Outcome, cut
from langgraph_quorum.nodes.branching.stopping import stop
from langgraph_quorum.state.branch import Answer, Branch, BranchCall, Bundle
from langgraph_quorum.state.decision import Release
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.sync_policy import OnStraggler


@dataclass(slots=True)
class Setting:
    """What the visits of one bundle share.

    Attributes:
        name: The specialist that is asked.
        crew: All specialists, and what they share.
        bundle: What was sent.
        gate: Of the fan-out.
        write: Takes an event for those who watch.
    """

    name: str
    crew: Crew
    bundle: Bundle
    gate: Gate
    write: Callable[[Any], None]


_ASKS = frozenset({"when", "not_before", "exclusive", "resources", "joins"})
"""What a work item may ask for besides a turn."""


class Visit:
    """One branch at its gate."""

    def __init__(self, setting: Setting, call: BranchCall) -> None:
        self._name, self._crew, self._gate = setting.name, setting.crew, setting.gate
        self._task, self._wave, self._write = setting.bundle["task"], setting.bundle["wave"], setting.write
        self._call, self.item, self.points = call, call["item"], call["points"]
        self.branch_id = self.item["branch_id"]
        self._worker = self
        self._effort = Effort(answered_by=setting.name)
        self._answered: Answer | None = None
        self._over = False
        self._follows = False

    @property
    def released(self) -> Release | None:
        """The gate's release, once nothing waits for this branch any more."""
        return self._gate.released(self.points)

    @property
    def is_under_way(self) -> bool:
        """Whether its work has been going on since an earlier fan-out."""
        return bool(self._wave["round"]) and harvest.holds(self._wave["run"], self.branch_id)

    @property
    def effort(self) -> Effort:
        """What it has cost so far."""
        return self._worker._effort  # noqa: SLF001  another visit's, when this one has taken its work over

    # -- the work -----------------------------------------------------------------------------------------------------

    def start(self) -> asyncio.Task[Outcome]:
        """The work as a task: begun now, or still under way since an earlier fan-out."""
        straggler = harvest.adopt(self._wave["run"], self.branch_id) if self._wave["round"] else None
        if straggler is not None:
            self._worker = straggler.owner
            return straggler.task
        return asyncio.create_task(self.work(), name=f"quorum:{self.branch_id}")

    async def work(self) -> Outcome:
        """Wait for its turn, let the specialist answer, and score the answer."""
        item, crew, effort = self.item, self._crew, self._effort
        inputs = self._call["inputs"]
        if not (self._asks_for_nothing(inputs) and self._gate.turn_now(self.branch_id)):
            inputs = await self._inputs()
        branch = Branch(self.branch_id, self._task, item.get("payload", {}), inputs, 1, self._wave["round"])
        if item.get("joins"):
            return await self._joined(branch)
        attempts = Attempts(crew.seats, effort, self._gate.deadlines, self._tell)
        answered = await attempts.answer(self._name, branch, item)
        effort.stop()
        work = crew.created(item, answered.work) if answered.work else NO_WORK
        self._answered = Answer(answered.value, work) if answered.work else answered
        seat = crew.seats[effort.answered_by]
        if effort.attempts == 1:
            seat.clock.observe(effort.seconds)
        quality = await crew.score(seat.specialist, branch, answered.value)
        return Outcome("succeeded", "", answered.value, quality=quality, work=work)

    def _asks_for_nothing(self, inputs: dict[str, Any]) -> bool:
        """Whether it can start as soon as a turn is free. Most branches can, and are spared what the others need."""
        call = self._call
        if inputs or call["waits_for"] or "missing" in call or "excused" in call:
            return False
        return self.item.keys().isdisjoint(_ASKS) and not self._crew.seats[self._name].cpu_bound

    async def _inputs(self) -> dict[str, Any]:
        """What its prerequisites have given, once its turn has come.

        Raises:
            NotToRunError: it is not to run.
            GraphInterrupt: a prerequisite asks a human.
        """
        call = self._call
        if "missing" in call or "excused" in call:
            self._refuse(call.get("missing", ""))
        ticket = self._ticket()
        self._tell("waiting")
        await self._gate.turn(ticket)
        if ticket.void:
            self._refuse(ticket.missing)
        inputs = call["inputs"]
        if call["waits_for"]:
            inputs = self._gate.results_of(call["waits_for"], inputs)
        if "when" in self.item and not self._says_yes(self.item["when"], inputs):
            raise ExcusedError(f"its condition {self.item['when']!r} said no")
        return inputs

    def _says_yes(self, condition: str, inputs: Mapping[str, Any]) -> bool:
        try:
            return bool(self._crew.conditions[condition](inputs))
        except Exception as error:
            what = f"{type(error).__name__}: {message_of(error)}"
            raise ConditionError(f"its condition {condition!r} raised {what}") from error

    async def _joined(self, branch: Branch) -> Outcome:
        """One result of those of its pieces."""
        seat = self._crew.seats[self._name]
        pieces = [
            branch.inputs[name] for name in self.item["depends_on"] if name.startswith(f"{self.branch_id}/piece-")
        ]
        self._effort.start()
        result = seat.kept(seat.specialist.join(pieces))
        self._effort.stop()
        self._answered = Answer(result)
        quality = await self._crew.score(seat.specialist, branch, result)
        return Outcome("succeeded", "", result, quality=quality)

    def _ticket(self) -> Ticket:
        item, call = self.item, self._call
        seat = self._crew.seats[self._name]
        ticket = Ticket(self.branch_id, call["order"])
        if seat.cpu_bound:
            ticket.cpu, ticket.cpu_now = seat.specialist.cpu, seat.cpu
        if call["waits_for"]:
            ticket.waits_for = set(call["waits_for"])
        if call["inputs"]:
            ticket.held, ticket.fed = self._gate.without_points(call["inputs"]), True
        if "not_before" in item:
            ticket.not_before = self._start_of(item["not_before"])
        if "exclusive" in item or "resources" in item:
            ticket.claims = {**dict.fromkeys(item.get("exclusive", ()), EXCLUSIVE), **item.get("resources", {})}
        return ticket

    def _start_of(self, not_before: float | str) -> float:
        now = self._gate.now()
        if isinstance(not_before, str):
            return now + (datetime.fromisoformat(not_before) - datetime.now(UTC)).total_seconds()
        return now - self._gate.elapsed() + not_before

    def _refuse(self, missing: str) -> None:
        """Not to run: this prerequisite ended without success, or all of them were excused."""
        if not missing:
            raise ExcusedError("all its prerequisites were excused")
        if self._gate.awaits_human(missing):
            # Asks nothing itself, and ends like the one that does.
            self._follows = True
            raise GraphInterrupt
        raise NotToRunError(f"its prerequisite {missing} did not succeed")

    # -- its end ------------------------------------------------------------------------------------------------------

    async def record(self, *, parks: bool) -> BranchRecord:
        """Do the work, unless the gate releases first.

        Args:
            parks: Whether a question to a human is left open, instead of raised.

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
        return await self.ended_by(task, parks=parks)

    async def ended_by(self, task: asyncio.Task[Any], *, parks: bool) -> BranchRecord:
        """The record of a task that does this branch's work, unless the gate releases first."""
        try:
            outcome = task.result() if task.done() else await self._raced(task)
        except BaseException as error:
            record = self.end(self.outcome_of(error))
            if isinstance(error, GraphInterrupt) and self._pauses(parks):
                raise
            return record
        return self.end(outcome)

    def _pauses(self, parks: bool) -> bool:
        """Whether its question pauses the run: its task then does not count as done, so that it runs again.

        A branch that waits for one that asks pauses or is parked with it. Work of an earlier fan-out asks in vain: an
        answer reaches only the task that LangGraph knows; so its question is put off, to a fan-out of its own.
        """
        if self._follows:
            return self._gate.pauses
        if parks or self._worker is not self:
            return False
        self._gate.pauses = True
        return True

    async def _raced(self, task: asyncio.Task[Any]) -> Outcome:
        outcome = await self._gate.race(self.branch_id, self.points, task, self._on_straggler)
        if isinstance(outcome, Outcome):
            return outcome
        if not task.done() and self._straggling(outcome) == "harvest":
            self._leave(task)
        return self._worker._unscored() or self.cut(outcome)  # noqa: SLF001

    def _unscored(self) -> Outcome | None:
        """What it has answered, when the gate releases before that was scored."""
        if self._answered is None:
            return None
        work = list(self._answered.work) or NO_WORK
        return Outcome("succeeded", "its score came too late", self._answered.value, work=work)

    def outcome_of(self, error: BaseException) -> Outcome:
        """What an error amounts to: a branch never raises. Only what somebody outside wants goes through."""
        if isinstance(error, GraphInterrupt):
            return Outcome("awaiting_human", "waits for the answer of a human" if self._follows else "asks a human")
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
        transient = self._crew.seats[self.effort.answered_by].passes(error)
        return Outcome("failed", message_of(error)[:300], error=describe(error, transient=transient))

    def _on_straggler(self) -> OnStraggler:
        released = self.released
        return self._straggling(released) if released is not None else "cancel"

    def _straggling(self, released: Release) -> OnStraggler:
        """What becomes of its work. One that has not begun is always cancelled: nobody would hear its answer."""
        if self.effort.began is None or released.reason == "drained":
            return "cancel"
        return self._crew.points.policies[self._gate.last_of(self.points)].on_straggler

    def _leave(self, task: asyncio.Task[Outcome]) -> None:
        """Let the work run on, for its late result."""
        straggler = harvest.Straggler(task, lambda: self._late(task), self._worker)
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
        threaded = self._crew.seats[self.effort.answered_by].specialist.is_sync
        return cut(released, begun=self.effort.began is not None, threaded=threaded)

    def end(self, outcome: Outcome) -> BranchRecord:
        """Settle the branch."""
        record = self._written(outcome)
        self._gate.settle(record)
        self._tell(outcome.status, {"seconds": record["seconds"], "reason": outcome.reason})
        self._over = True
        return record

    def _written(self, outcome: Outcome) -> BranchRecord:
        effort, gate = self.effort, self._gate
        settled = gate.elapsed()
        return {
            "branch_id": self.branch_id,
            "specialist": effort.answered_by,
            "status": outcome.status,
            "result": outcome.result,
            "error": outcome.error,
            "reason": outcome.reason,
            "attempts": effort.attempts,
            "seconds": round(effort.seconds, 6),
            "waited_s": round(settled if effort.began is None else gate.elapsed(effort.began), 6),
            "settled_s": round(settled, 6),
            "started_at": effort.started_at,
            "round": self._wave["round"],
            "group": self.item.get("group", ""),
            "quality": outcome.quality,
            "release": outcome.release.reason if outcome.release is not None else None,
            "points": self.points,
            "missed": gate.missed(self.points),
            "excused": outcome.excused,
            "late": False,
            "cost": effort.cost,
            "work": outcome.work,
        }

    def _tell(self, event: str, data: Mapping[str, Any] | None = None) -> None:
        if self._over:  # an abandoned straggler runs on unheard
            return
        self._write(
            {
                "quorum": "branch",
                "branch_id": self.branch_id,
                "specialist": self.effort.answered_by,
                "group": self.item.get("group", ""),
                "event": event,
                "sync": self._gate.progress(self.points),
                **(data or {}),
            }
        )
