"""Specialists for the orchestrator's tests: they count their calls and wait for a word before they answer."""

from __future__ import annotations

import asyncio
from collections import Counter

from langgraph.types import interrupt

from langgraph_quorum import Branch, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.nodes.merging.strategies import StrategyName

PATIENT = SyncPolicy(threshold=1.0, grace_s=0, deadline_s=30)


class Crew:
    """Three specialists; `slow` answers only once `go` is set."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.go = asyncio.Event()
        self.slow_started = asyncio.Event()
        self.cancelled: list[str] = []

    async def quick(self, branch: Branch) -> dict[str, object]:
        self.calls[branch.branch_id] += 1
        return {"answer": branch.branch_id, "confidence": 0.9}

    async def slow(self, branch: Branch) -> dict[str, object]:
        self.calls[branch.branch_id] += 1
        self.slow_started.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.append(branch.branch_id)
            raise
        return {"answer": branch.branch_id, "confidence": 0.9}

    async def asking(self, branch: Branch) -> dict[str, object]:
        answer = interrupt({"question": f"May {branch.branch_id} go on?"})
        self.calls[branch.branch_id] += 1
        return {"answer": answer, "confidence": 0.9}

    def workflow(self, *, asks: bool = False, merge: StrategyName = "weighted") -> QuorumBuilder:
        third = Specialist("asking", self.asking) if asks else Specialist("slow", self.slow)
        return build_workflow(
            [Specialist("one", self.quick), Specialist("two", self.quick), third],
            sync=PATIENT,
            merge=merge,
            mode="parallel",
        )
