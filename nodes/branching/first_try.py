"""The first attempt of a branch that asks for nothing but its specialist. In most runs that is all there is to do.

It has no visit of its own: one is made when it fails, answers more than a value, or is still waiting when the gate
releases.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from langgraph.errors import GraphBubbleUp

from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.branching.attempts import SAYS, exit_of
from langgraph_quorum.nodes.branching.calling import name_calls_of, unname_calls
from langgraph_quorum.nodes.branching.deadlines import Limit
from langgraph_quorum.nodes.branching.effort import wall_clock
from langgraph_quorum.nodes.branching.outcome import NO_WORK, Outcome
from langgraph_quorum.nodes.branching.setting import Setting
from langgraph_quorum.nodes.branching.visit import Visit
from langgraph_quorum.nodes.branching.work import ASKS, Work, is_free
from langgraph_quorum.state.branch import Answer, Branch, BranchCall
from langgraph_quorum.state.records import BranchRecord, Quality, blank_record

_MORE = ASKS | SAYS | {"part_of"}

_LIKE: BranchRecord = {**blank_record("", "", "succeeded"), "work": NO_WORK}
"""What most records of first attempts have in common."""

Rest = Callable[[Work], Awaitable[Outcome]]
"""How the visit's work goes on after a first attempt."""


class FirstTries:
    """Begins and records first attempts of one specialist's branches; keeps at hand what they share."""

    def __init__(self, setting: Setting) -> None:
        self.setting, self.gate, self.crew = setting, setting.gate, setting.crew
        self.seat = seat = setting.crew.seats[setting.name]
        self.timeout_s = seat.persistence.timeout_s
        self._run, self._round = setting.wave["run"], setting.wave["round"]

    def begin(self, call: BranchCall) -> FirstTry | None:
        """Begin a branch's first attempt; None where it asks for more, or has no turn yet."""
        item, gate = call["item"], self.gate
        branch_id = item["branch_id"]
        if not self.seat.is_plain or not is_free(call) or not item.keys().isdisjoint(_MORE):
            return None
        if gate.shelf is not None and gate.shelf.gives(item.get("payload")):
            return None
        if gate.released(call["points"]) is not None:
            return None
        if self._round and ("guidance" in call or harvest.holds(self._run, branch_id)):
            return None
        if not gate.turns.now(branch_id):
            return None
        branch = Branch(
            *(branch_id, self.setting.task, item.get("payload", {}), call.get("inputs") or {}),
            *(1, self._round, gate.run, gate.token),
        )
        return FirstTry(self, call, branch, gate.now())

    def end(self, attempt: FirstTry) -> BranchRecord:
        """Settle a branch that has answered at once."""
        gate, points = self.gate, attempt.call["points"]
        opened_at, began, now = gate.opened_at, attempt.began, gate.now()
        record = _LIKE.copy()  # and filled in: half the time of a dict made anew
        record["branch_id"], record["specialist"] = attempt.branch.branch_id, self.setting.name
        record["result"], record["quality"] = attempt.value, attempt.quality
        record["seconds"] = _microseconds(attempt.stopped - began)
        record["waited_s"] = _microseconds(began - opened_at)
        record["settled_s"] = _microseconds(now - opened_at)
        record["started_at"] = attempt.started_at
        record["round"] = self._round
        record["group"] = attempt.call["item"].get("group", "")
        record["points"], record["missed"] = points, gate.missed(points)
        if attempt.quality is not None and "cost" in attempt.quality:
            record["cost"] = attempt.quality["cost"]
        gate.settle(record, now)
        if self.setting.heard:
            told = {"seconds": record["seconds"], "reason": ""}
            self.setting.tell(attempt.call, self.setting.name, "succeeded", told)
        return record


class FirstTry:
    """One branch's first attempt.

    Attributes:
        waited: Whether it has not ended at once.
        visit: Once there is one.
    """

    __slots__ = (
        "_limit",
        "_tries",
        "answered",
        "began",
        "branch",
        "call",
        "quality",
        "started_at",
        "stopped",
        "value",
        "visit",
        "waited",
    )

    def __init__(self, tries: FirstTries, call: BranchCall, branch: Branch, began: float) -> None:
        self._tries, self.call, self.branch, self.began = tries, call, branch, began
        self.started_at = wall_clock()
        self.stopped = began
        self.value: Any = None
        self.quality: Quality | None = None
        self.answered = self.waited = False
        self.visit: Visit | None = None
        self._limit: Limit | None = None

    async def made(self) -> Rest | None:
        """Ask the specialist, and score the answer.

        Returns:
            How its visit is to go on, which there is to be one for then; None where nothing is left to do.
        """
        tries, branch = self._tries, self.branch
        seat, named = tries.seat, name_calls_of(branch)
        try:
            given = await seat.call(branch)
            if self.visit is not None or isinstance(given, Answer):
                return lambda work: work.given(given, branch)
            self.value = seat.kept(given)
            if (shelf := tries.gate.shelf) is not None and shelf.takes(self.value):
                return lambda work: work.given(given, branch)
        except BaseException as error:  # noqa: BLE001  the visit raises it again where it must be
            return self._after(error)
        finally:
            unname_calls(named)
            if self._limit is not None:
                tries.gate.deadlines.end(self._limit)
        self.answered, self.stopped = True, tries.gate.now()
        seat.clock.observe(self.stopped - self.began)
        try:
            found = tries.crew.score(seat.specialist, self.branch, self.value)
            self.quality = found if found is None or isinstance(found, dict) else await found
        except BaseException as error:  # noqa: BLE001  the visit raises it again
            return partial(_raised, error)
        return None

    def _after(self, error: BaseException) -> Rest:
        meant = exit_of(error) or error
        if meant is error and self._limit is not None:
            meant = self._limit.meant(error, self._tries.timeout_s)
        if isinstance(meant, Exception) and not isinstance(meant, GraphBubbleUp):
            return partial(_gone_on, meant, self.branch)
        return partial(_raised, meant)

    def waits(self, task: asyncio.Task[Any]) -> None:
        """It waits, in this task. Its time is limited from here on: nobody could stop it before."""
        tries, self.waited = self._tries, True
        if not self.answered and tries.timeout_s < math.inf:
            self._limit = tries.gate.deadlines.begin(task, self.began + tries.timeout_s)
        tries.setting.tell(self.call, tries.setting.name, "running", {"attempt": 1})

    def visited(self) -> Visit:
        """Its visit, made now."""
        visit = self.visit = Visit(self._tries.setting, self.call)
        answer = Answer(self.value) if self.answered else None
        visit.work.begun(self.began, self.started_at, answer, self.stopped, shown=self.waited)
        return visit

    def outcome(self) -> Outcome:
        """Of one that has answered, for its visit where it has one."""
        if self.visit is not None and self.quality is not None:
            self.visit.work.effort.spend(self.quality.get("cost"))
        return Outcome("succeeded", "", self.value, quality=self.quality)


async def _gone_on(error: Exception, branch: Branch, work: Work) -> Outcome:
    return await work.after(error, branch)


async def _raised(error: BaseException, _work: Work) -> Outcome:
    raise error


def _microseconds(seconds: float) -> float:
    """Seconds to the microsecond, from 0; `round` takes twice as long."""
    return int(seconds * 1e6 + 0.5) / 1e6
