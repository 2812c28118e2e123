"""Many cheap branches in one task. Those that never wait share one asyncio task; one that waits gets its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable
from contextvars import copy_context
from functools import partial
from typing import Any

from langgraph_quorum.nodes.branching.attempts import SpecialistExitError
from langgraph_quorum.nodes.branching.first_try import FirstTries, FirstTry, Rest
from langgraph_quorum.nodes.branching.outcome import Outcome
from langgraph_quorum.nodes.branching.stopping import stop
from langgraph_quorum.nodes.branching.visit import Visit
from langgraph_quorum.nodes.branching.work import Work
from langgraph_quorum.state.branch import BranchCall
from langgraph_quorum.state.records import BranchRecord

BREATH_S = 0.005
"""How long branches may run one after the other before the event loop gets its turn."""


def _always() -> bool:
    """A question of a bundle's branch is always left open."""
    return True


class Lanes:
    """Runs the visits of one bundle.

    A *lane* is a task that works on one visit after the other, as long as none of them waits for anything. When one
    does, the lane becomes that visit's own task, raced against the gate like any branch's, and the others go on in a
    new lane. So branches that only compute cost no task each, and branches that wait do so side by side. For a first
    attempt that waits nobody runs the race before the gate has released: nearly all answer in time.

    Visits of one lane share their context variables. A question to a human is left open: within one LangGraph task only
    one could be asked.
    """

    def __init__(self, tries: FirstTries, calls: Iterable[BranchCall]) -> None:
        self._tries, self._setting = tries, tries.setting
        self._left = deque(calls)
        self._at: Visit | FirstTry | None = None
        self._own: set[str] = set()
        self._open: dict[asyncio.Task[Any], FirstTry | None] = {}
        self._broken: asyncio.Task[Any] | None = None
        self._bell: asyncio.Future[None] | None = None
        self._context = copy_context()
        self._records: dict[str, BranchRecord] = {}
        self._stopped = False

    async def records(self) -> dict[str, BranchRecord]:
        """The records of all visits, by branch id."""
        lane: asyncio.Task[Outcome | None] | None = None
        try:
            while self._left:
                lane = asyncio.create_task(self._lane())
                await self._until_it_waits(lane)
                lane = None  # it has ended, or belongs to a branch that waits
            while self._open and self._broken is None:
                self._bell = asyncio.get_running_loop().create_future()
                await self._bell
            if self._broken is not None:
                self._broken.result()
        finally:
            self._stopped = True
            rest: set[asyncio.Task[Any]] = {*self._open, *([] if lane is None else [lane])}
            await asyncio.gather(*(stop(task, cancel=True) for task in rest))
        return self._records

    async def _until_it_waits(self, lane: asyncio.Task[Outcome | None]) -> None:
        """Let a lane go on until it has nothing left, or stands at a visit that waits: that visit is then its own."""
        while True:
            await asyncio.sleep(0)
            if lane.done():
                lane.result()
                return
            if self._at is not None:
                at, self._at = self._at, None
                self._set_apart(at, lane)
                return

    def _set_apart(self, at: Visit | FirstTry, lane: asyncio.Task[Outcome | None]) -> None:
        """This lane belongs to the branch that waits."""
        branch_id = at.branch_id if isinstance(at, Visit) else at.branch.branch_id
        lane.set_name(f"quorum:{branch_id}")
        self._own.add(branch_id)
        if isinstance(at, Visit):
            at.work.show()
            self._watch(asyncio.create_task(self._finish(at, lane)))
            return
        at.waits(lane)
        self._watch(lane, at)
        points, gate = at.call["points"], self._setting.gate
        if gate.released(points) is not None:
            self._race(at, lane)
        else:
            gate.listen(branch_id, points, partial(self._race, at, lane))

    def _watch(self, task: asyncio.Task[Any], attempt: FirstTry | None = None) -> None:
        self._open[task] = attempt
        task.add_done_callback(self._ended)

    def _race(self, attempt: FirstTry, lane: asyncio.Task[Outcome | None]) -> Visit:
        """An attempt that waits, raced against the gate by its visit from here on."""
        self._leave(lane)
        visit = attempt.visited()
        # The gate may call from the context of any branch.
        self._watch(asyncio.create_task(self._finish(visit, lane), context=self._context))
        return visit

    def _leave(self, task: asyncio.Task[Any]) -> None:
        attempt = self._open.pop(task)
        if attempt is not None:
            self._setting.gate.unlisten(attempt.branch.branch_id)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task not in self._open:
            return  # its visit takes care of it
        self._leave(task)
        if self._broken is None and (task.cancelled() or task.exception() is not None):
            self._broken = task
        if self._bell is not None and not self._bell.done() and (self._broken or not self._open):
            self._bell.set_result(None)

    async def _lane(self) -> Outcome | None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101  a lane is a task
        breath_at = loop.time() + BREATH_S
        while self._left and not self._stopped:
            outcome = await self._next(self._left.popleft())
            if outcome is not None:
                return outcome
            self._at = None
            if task.cancelling():
                await self._forgive(task)
            if loop.time() > breath_at:
                await asyncio.sleep(0)
                breath_at = loop.time() + BREATH_S
        return None

    async def _next(self, call: BranchCall) -> Outcome | None:
        """Work on one branch; gives its outcome only when this lane has become its own task meanwhile."""
        attempt = self._tries.begin(call)
        if attempt is None:
            visit = Visit(self._setting, call)
            if not visit.is_under_way:
                return await self._visited(visit, Work.run)
            self._watch(asyncio.create_task(self._resume(visit)))
            return None
        self._at = attempt
        rest = await attempt.made()
        if rest is not None:
            return await self._visited(attempt.visit or self._visit_of(attempt), rest)
        if attempt.visit is None:
            if attempt.waited:  # its own end may be what the gate waits for
                self._setting.gate.unlisten(attempt.branch.branch_id)
            self._records[attempt.branch.branch_id] = self._tries.end(attempt)
        return attempt.outcome() if attempt.waited else None

    def _visit_of(self, attempt: FirstTry) -> Visit:
        lane = asyncio.current_task()
        return self._race(attempt, lane) if lane in self._open and not self._stopped else attempt.visited()

    async def _visited(self, visit: Visit, work: Rest) -> Outcome | None:
        outcome = await self._inline(visit, work)
        if visit.branch_id in self._own:
            return outcome
        self._records[visit.branch_id] = visit.end(outcome)
        return None

    async def _inline(self, visit: Visit, work: Rest) -> Outcome:
        if visit.branch_id not in self._own:
            if visit.work.effort.began is None and visit.released is not None:
                return visit.cut(visit.released)
            self._at = visit
        try:
            return await work(visit.work)
        except BaseException as error:
            if visit.branch_id in self._own:
                raise
            if isinstance(error, asyncio.CancelledError) and not self._stopped:
                error = SpecialistExitError("the specialist cancelled its own task")
            return visit.outcome_of(error)

    async def _forgive(self, task: asyncio.Task[Any]) -> None:
        """A specialist that cancels its own task, and does not wait then, is not to stop the branches behind it."""
        while task.cancelling() and not self._stopped:
            task.uncancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)

    async def _finish(self, visit: Visit, lane: asyncio.Task[Outcome | None]) -> None:
        self._records[visit.branch_id] = await visit.ended_by(lane, _always)

    async def _resume(self, visit: Visit) -> None:
        self._records[visit.branch_id] = await visit.record(_always)
