"""What a branch does at its gate: it waits for its turn, asks its specialist, and has the answer scored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from langgraph.errors import GraphInterrupt

from langgraph_quorum.nodes.branching.attempts import Attempts
from langgraph_quorum.nodes.branching.claims import EXCLUSIVE
from langgraph_quorum.nodes.branching.effort import Effort
from langgraph_quorum.nodes.branching.failure import message_of
from langgraph_quorum.nodes.branching.outcome import NO_WORK, ConditionError, ExcusedError, NotToRunError, Outcome
from langgraph_quorum.nodes.branching.setting import Setting
from langgraph_quorum.nodes.branching.ticket import Ticket
from langgraph_quorum.state.branch import Answer, Branch, BranchCall
from langgraph_quorum.state.functions import yes

ASKS = frozenset({"when", "not_before", "exclusive", "resources", "joins"})
"""What a work item may ask for besides a turn."""


class Work:
    """The work of one branch.

    Attributes:
        branch_id: Whose it is.
        effort: What it has cost so far.
        answered: The answer, from when it is there, scored or not.
        follows: Whether it waits for a branch that asks a human.
        heard: Whether anybody still watches it.
    """

    __slots__ = (
        "_call",
        "_crew",
        "_gate",
        "_item",
        "_name",
        "_setting",
        "_shown",
        "answered",
        "branch_id",
        "effort",
        "follows",
        "heard",
    )

    def __init__(self, setting: Setting, call: BranchCall) -> None:
        self._setting, self._call, self._item = setting, call, call["item"]
        self._name, self._crew, self._gate = setting.name, setting.crew, setting.gate
        self.branch_id = self._item["branch_id"]
        self.effort = Effort(answered_by=setting.name)
        self.answered: Answer | None = None
        self.follows = self._shown = False
        self.heard = True

    async def run(self) -> Outcome:
        """Wait for its turn, let the specialist answer, and score the answer."""
        item, inputs = self._item, self._call.get("inputs") or {}
        free = is_free(self._call) and item.keys().isdisjoint(ASKS) and not self._crew.seats[self._name].cpu_bound
        if not (free and self._gate.turns.now(self.branch_id)):
            inputs = await self._inputs()
        branch = Branch(
            self.branch_id,
            self._setting.task,
            item.get("payload", {}),
            inputs,
            1,
            self._setting.wave["round"],
            self._gate.run,
            self._gate.token,
        )
        if branch.round and "guidance" in self._call:
            branch.guidance = self._call["guidance"]
        if (shelf := self._gate.shelf) is not None:
            branch.payload, branch.inputs = await shelf.back(branch.payload), await shelf.back(inputs)
            branch.guidance = await shelf.back(branch.guidance)
        if item.get("joins"):
            return await self._joined(branch)
        return await self._scored(await self._attempts().answer(self._name, branch, self._item), branch)

    def begun(self, began: float, started_at: str, answered: Answer | None, stopped: float, *, shown: bool) -> None:
        """Take over a first attempt that was made elsewhere; `answered` when only its score is missing."""
        self._shown = shown
        effort = self.effort
        effort.attempts, effort.began, effort.started_at = 1, began, started_at
        if answered is not None:
            self.answered, effort.stopped = answered, stopped

    async def after(self, error: Exception, branch: Branch) -> Outcome:
        """Go on where a first attempt, that was made elsewhere, has failed."""
        self.effort.failed(error)
        seat = self._crew.seats[self._name]
        answered = await self._attempts().after(error, seat, branch, self._item, seat.persistence)
        return await self._scored(answered, branch)

    async def given(self, answer: Any, branch: Branch) -> Outcome:
        """Take what a first attempt, that was made elsewhere, has given."""
        return await self._scored(self._attempts().kept(self._crew.seats[self._name], answer), branch)

    def _attempts(self) -> Attempts:
        return Attempts(self._crew.seats, self.effort, self._gate, self._notify)

    async def _scored(self, answered: Answer, branch: Branch) -> Outcome:
        crew, effort = self._crew, self.effort
        effort.stop()
        work = crew.created(self._item, answered.work) if answered.work else NO_WORK
        self.answered = Answer(answered.value, work) if answered.work else answered
        seat = crew.seats[effort.answered_by]
        if effort.attempts == 1:
            seat.clock.observe(effort.seconds)
        kept = answered.value
        if (shelf := self._gate.shelf) is not None:
            kept, work = await shelf.result_away(kept), await shelf.away(work)
            self.answered = Answer(kept, work)
        quality = await crew.quality(seat.specialist, branch, answered.value)
        effort.spend(quality.get("cost") if quality is not None else None)
        return Outcome("succeeded", effort.notes, kept, quality=effort.noted(quality), work=work)

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
        self.tell("waiting")
        await self._gate.turns.wait(ticket)
        if ticket.void:
            self._refuse(ticket.missing)
        inputs = call.get("inputs") or {}
        if waits_for := call.get("waits_for"):
            inputs = self._gate.results_of(waits_for, inputs)
        if "when" in self._item and self._gate.shelf is not None:
            inputs = await self._gate.shelf.back(inputs)
        if "when" in self._item and not self._says_yes(self._item["when"], inputs):
            raise ExcusedError(f"its condition {self._item['when']!r} said no")
        return inputs

    def _says_yes(self, condition: str, inputs: Mapping[str, Any]) -> bool:
        try:
            return yes(self._crew.conditions[condition](inputs))
        except Exception as error:
            what = f"{type(error).__name__}: {message_of(error)}"
            raise ConditionError(f"its condition {condition!r} raised {what}") from error

    async def _joined(self, branch: Branch) -> Outcome:
        """One result of those of its pieces."""
        seat = self._crew.seats[self._name]
        pieces = [
            branch.inputs[name] for name in self._item["depends_on"] if name.startswith(f"{self.branch_id}/piece-")
        ]
        self.effort.start()
        result = self._attempts().kept(seat, seat.specialist.join(pieces)).value
        self.effort.stop()
        self.answered = Answer(result)
        if (shelf := self._gate.shelf) is not None:
            self.answered = Answer(await shelf.result_away(result))
        quality = await self._crew.quality(seat.specialist, branch, result)
        self.effort.spend(quality.get("cost") if quality is not None else None)
        return Outcome("succeeded", self.effort.notes, self.answered.value, quality=self.effort.noted(quality))

    def _ticket(self) -> Ticket:
        item, call = self._item, self._call
        seat = self._crew.seats[self._name]
        ticket = Ticket(self.branch_id, call["order"])
        if seat.cpu_bound:
            ticket.load = seat.load()
        if waits_for := call.get("waits_for"):
            ticket.waits_for = set(waits_for)
            ticket.thorough = "joins" in item
        if inputs := call.get("inputs"):
            ticket.held, ticket.fed = self._gate.without_points(inputs), True
        if "not_before" in item:
            ticket.not_before = self._start_of(item["not_before"])
        if "exclusive" in item or "resources" in item:
            ticket.claims = {**dict.fromkeys(item.get("exclusive", ()), EXCLUSIVE), **item.get("resources", {})}
        return ticket

    def _start_of(self, not_before: float | str) -> float:
        if isinstance(not_before, str):
            return self._gate.now() + (datetime.fromisoformat(not_before) - datetime.now(UTC)).total_seconds()
        return self._gate.opened_at + not_before

    def _refuse(self, missing: str) -> None:
        """Not to run: this prerequisite ended without success, or all of them were excused."""
        if not missing:
            raise ExcusedError("all its prerequisites were excused")
        if "parked" in self._call or self._gate.awaits_human(missing):
            # Asks nothing itself, and ends like the one that does.
            self.follows = True
            raise GraphInterrupt
        raise NotToRunError(f"its prerequisite {missing} did not succeed")

    def unscored(self) -> Outcome | None:
        """What it has answered, when the gate releases before that was scored."""
        if self.answered is None:
            return None
        work = list(self.answered.work) or NO_WORK
        return Outcome("succeeded", "its score came too late", self.answered.value, work=work)

    def show(self) -> None:
        """It has begun and not ended at once: from here on, tell of its attempts. Nobody could see them before."""
        self._shown = True
        if self.effort.attempts:
            self.tell("running", {"attempt": self.effort.attempts})

    def _notify(self, event: str, data: Mapping[str, Any]) -> None:
        if self._shown:
            self.tell(event, data)

    def tell(self, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Tell those who watch."""
        if self.heard:
            self._setting.tell(self._call, self.effort.answered_by, event, data)


def is_free(call: BranchCall) -> bool:
    """Whether it waits for no other branch. Most do not, and are spared what the others need."""
    return not (call.get("inputs") or call.get("waits_for") or "missing" in call or "excused" in call)
