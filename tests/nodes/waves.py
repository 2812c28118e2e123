"""Fan-outs and gates for tests that need no graph."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from langgraph_quorum.nodes.branching.admission import Ticket
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.state.branch import Wave
from langgraph_quorum.state.decision import Release
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.records import BranchRecord, BranchStatus, Mode
from tests.state.written import record


def wave(
    total: int = 4,
    *,
    earlier: int = 0,
    must: Sequence[str] = (),
    mode: Mode = "parallel",
    at_once: int = 1000,
    ceiling: int = 1000,
    cpu_at_once: float = 4.0,
) -> Wave:
    return Wave(
        point="main",
        round=0,
        total=total,
        earlier=earlier,
        must=list(must),
        mode=mode,
        at_once=at_once,
        ceiling=ceiling,
        cpu_at_once=cpu_at_once,
    )


class Meeting:
    """A gate whose branches are plain coroutines; keeps how each ended, and when."""

    def __init__(
        self,
        policy: SyncPolicy,
        fan_out: Wave,
        *,
        drain: Callable[[], bool] = lambda: False,
        preset: dict[str, BranchRecord] | None = None,
    ) -> None:
        self.gate = Gate(policy, fan_out, drain, preset or {})
        self.ended: dict[str, tuple[str, float]] = {}
        self.started: list[str] = []

    async def branch(
        self, name: str, work: Callable[[], Awaitable[None]], *, order: int = 0, waits_for: set[str] | None = None
    ) -> None:
        begun = False

        async def in_turn() -> BranchStatus:
            nonlocal begun
            missing = await self.gate.turn(Ticket(name, order, waits_for=waits_for or set()))
            if missing:
                return "skipped"
            begun = True
            self.started.append(name)
            await work()
            return "succeeded"

        try:
            outcome = await self.gate.race(name, in_turn(), lambda: begun)
        except ValueError:
            outcome = "failed"
        status: BranchStatus = "cut" if isinstance(outcome, Release) else outcome
        self.ended[name] = (status, round(self.gate.elapsed(), 3))
        self.gate.settle(record(name, status))

    async def of_sleepers(self, seconds: dict[str, float]) -> dict[str, tuple[str, float]]:
        """Runs one branch for each name, sleeping that long."""
        sleepers = (self.branch(name, partial(asyncio.sleep, s)) for name, s in seconds.items())
        await asyncio.gather(*sleepers)
        return self.ended
