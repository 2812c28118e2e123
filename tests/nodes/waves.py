"""Fan-outs and gates for tests that need no graph."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.nodes.branching.racing import race
from langgraph_quorum.nodes.branching.ticket import Ticket
from langgraph_quorum.state.branch import Share, Wave
from langgraph_quorum.state.decision import Release
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import BranchRecord, BranchStatus, Mode
from langgraph_quorum.state.sync_policy import OnStraggler, SyncPolicy
from tests.state.written import record


def wave(
    total: int = 4,
    *,
    earlier: int = 0,
    must: Sequence[str] = (),
    shares: Sequence[Share] | None = None,
    mode: Mode = "parallel",
    at_once: int = 1000,
    ceiling: int = 1000,
    cpu_at_once: float = 4.0,
) -> Wave:
    return Wave(
        run="",
        round=0,
        total=total,
        shares=[Share(point="main", total=total, earlier=earlier, must=list(must))] if shares is None else list(shares),
        asking=False,
        bundled=False,
        mode=mode,
        at_once=at_once,
        ceiling=ceiling,
        cpu_at_once=cpu_at_once,
    )


class Meeting:
    """A gate whose branches are plain coroutines; keeps how each ended, and when."""

    def __init__(
        self,
        sync: SyncPolicy | Sequence[SyncPolicy],
        fan_out: Wave,
        *,
        drain: Callable[[], bool] = lambda: False,
        preset: dict[str, BranchRecord] | None = None,
    ) -> None:
        self.points = Points.of(sync)
        self.gate = Gate(self.points, fan_out, drain, (preset or {}).values())
        self.ended: dict[str, tuple[str, float]] = {}
        self.started: list[str] = []

    async def branch(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        *,
        order: int = 0,
        waits_for: set[str] | None = None,
        points: Sequence[str] = ("main",),
        **ticket: Any,
    ) -> None:
        begun = False

        async def in_turn() -> BranchStatus:
            nonlocal begun
            place = Ticket(name, order, waits_for=waits_for or set(), **ticket)
            await self.gate.turns.wait(place)
            if place.void:
                return "skipped"
            begun = True
            self.started.append(name)
            await work()
            return "succeeded"

        def on_straggler() -> OnStraggler:
            return self.points.policies[points[0]].on_straggler if begun else "cancel"

        status: BranchStatus = "cut"
        try:
            if self.gate.released(points) is None:
                task = asyncio.create_task(in_turn())
                outcome = await race(self.gate, name, points, task, on_straggler)
                if not task.done():
                    self.gate.turns.runs_on(name, task)
                status = "cut" if isinstance(outcome, Release) else outcome
        except ValueError:
            status = "failed"
        self.ended[name] = (status, round(self.gate.now() - self.gate.opened_at, 3))
        self.gate.settle(record(name, status, points=list(points)))

    async def of_sleepers(self, seconds: dict[str, float]) -> dict[str, tuple[str, float]]:
        """Runs one branch for each name, sleeping that long."""
        sleepers = (self.branch(name, partial(asyncio.sleep, s)) for name, s in seconds.items())
        await asyncio.gather(*sleepers)
        return self.ended
