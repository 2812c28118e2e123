"""A run that has everything to explain: a straggler, an assumed quality, a dissent, a retry and a redo."""

from __future__ import annotations

import asyncio
from collections import Counter

from langgraph_quorum import Branch, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder, Tuning
from langgraph_quorum.nodes.merging.strategies import Strategy, StrategyName
from langgraph_quorum.state.branch import Answer
from langgraph_quorum.state.policies import Policies, ReviewPolicy, ValidationPolicy, WeightPolicy
from langgraph_quorum.state.workflow import QuorumInput

TASK: QuorumInput = {"task": "Is it so?"}
WEIGHT = WeightPolicy(quality_share=0.6, speed_share=0.4, halving_s=30)


class Panel:
    """`sure` says yes; `weak` says no, and is surer when told to do better; `mute` states nothing; `slow` hangs."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    async def sure(self, branch: Branch) -> Answer:
        self.calls["sure"] += 1
        return Answer({"answer": "yes", "size": 10, "confidence": 0.9}, cost=0.25)

    async def weak(self, branch: Branch) -> dict[str, object]:
        self.calls["weak"] += 1
        return {"answer": "no", "size": 20, "confidence": 0.3 if branch.guidance is None else 0.7}

    async def mute(self, branch: Branch) -> dict[str, object]:
        self.calls["mute"] += 1
        if branch.attempt == 1:
            raise ConnectionError("busy")
        return {"answer": "yes"}

    async def slow(self, branch: Branch) -> dict[str, object]:
        self.calls["slow"] += 1
        await asyncio.sleep(60)
        return {}

    def workflow(self, *, merge: StrategyName | Strategy = "weighted", asks: bool = False) -> QuorumBuilder:
        review = ValidationPolicy(quality=0.6, review="always" if asks else "never")
        return build_workflow(
            [
                Specialist("sure", self.sure, type="judge"),
                Specialist("weak", self.weak, type="judge", deterministic=False),
                Specialist("mute", self.mute, attempts=3, backoff_s=0.001),
                Specialist("slow", self.slow),
            ],
            sync=SyncPolicy(threshold=0.75, grace_s=0, deadline_s=30),
            merge=merge,
            mode="parallel",
            tuning=Tuning(policies=Policies(weight=WEIGHT, validation=review, review=ReviewPolicy())),
        )
