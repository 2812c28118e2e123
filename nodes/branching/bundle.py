"""Many cheap branches in one task. Those that never wait share one asyncio task; one that waits gets its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any

from langgraph_quorum.nodes.branching.attempts import SpecialistExitError
from langgraph_quorum.nodes.branching.first_try import FirstTries, FirstTry, Rest
from langgraph_quorum.nodes.branching.outcome import Outcome
from langgraph_quorum.nodes.branching.setting import Setting
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
    new lane. So branches that only compute cost no task each, and branches that wait do so side by side.

    Visits of one lane share their context variables. A question to a human is left open: within one LangGraph task only
    one could be asked.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._left = deque(setting.bundle["calls"])
        self._tries = FirstTries(setting)
        self._at: Visit | FirstTry | None = None
        self._own: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._records: dict[str, BranchRecord] = {}
        self._stopped = False

    async def records(self) -> dict[str, BranchRecord]:
        """The records of all visits, by branch id."""
        lane: asyncio.Task[Outcome | None] | None = None
        try:
            while self._left:
                lane = asyncio.create_task(self._lane())
                await self._until_it_waits(lane)
                lane = None  # it has ended, or is in the hands of the visit that it now belongs to
            while self._tasks:
                done, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
                for task in done:
                    task.result()
        finally:
            self._stopped = True
            rest: set[asyncio.Task[Any]] = {*self._tasks, *([] if lane is None else [lane])}
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
                visit = self._at if isinstance(self._at, Visit) else self._at.waits(lane)
                self._at = None
                visit.work.show()
                self._own.add(visit.branch_id)
                lane.set_name(f"quorum:{visit.branch_id}")
                self._tasks.add(asyncio.create_task(self._finish(visit, lane)))
                return

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
            self._tasks.add(asyncio.create_task(self._resume(visit)))
            return None
        self._at = attempt
        rest = await attempt.made()
        if rest is not None:
            return await self._visited(attempt.visit or attempt.visited(), rest)
        if attempt.visit is not None:
            return attempt.outcome()
        self._records[attempt.branch.branch_id] = self._tries.end(attempt)
        return None

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
