"""A run that asks about its result, the person who answers, and the host's clock."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langgraph_quorum import Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.state.policies import Policies, RecoveryPolicy, ReviewPolicy, ValidationPolicy
from tests.graphs.running import FIXED, Crew

ALL_IN = SyncPolicy(threshold=0.5, deadline_s=1000)
ALWAYS = ValidationPolicy(review="always")


class Review:
    """A run that asks, and the person who answers."""

    def __init__(
        self,
        *specialists: Specialist,
        review: ReviewPolicy | None = None,
        validation: ValidationPolicy = ALWAYS,
        checks: tuple[Any, ...] = (),
        merge: Any = "best",
    ) -> None:
        policies = Policies(validation=validation, review=review or ReviewPolicy(), recovery=RecoveryPolicy(rounds=0))
        tuning = Tuning(policies=policies, checks=checks)
        builder = build_workflow(specialists, ALL_IN, merge, "parallel", tuning)
        self.graph = builder.compile(checkpointer=InMemorySaver())
        self.config: Any = {"configurable": {"thread_id": "t"}}
        self.out: dict[str, Any] = {}

    async def begin(self) -> Review:
        self.out = await self.graph.ainvoke({"task": "x"}, self.config, context=FIXED)
        return self

    async def answer(self, answer: Any) -> dict[str, Any]:
        self.out = await self.graph.ainvoke(Command(resume=answer), self.config, context=FIXED)
        return self.out

    @property
    def question(self) -> dict[str, Any]:
        (asked,) = self.out["__interrupt__"]
        payload: dict[str, Any] = asked.value
        return payload

    @property
    def review(self) -> dict[str, Any]:
        found: dict[str, Any] = self.question["review"]
        return found

    @property
    def description(self) -> str:
        return str(self.question["action_requests"][0]["description"])

    async def state(self) -> dict[str, Any]:
        return dict((await self.graph.aget_state(self.config)).values)


def two(crew: Crew) -> list[Specialist]:
    return [crew.scores("a", 0.9), crew.scores("b", 0.5, 0.95)]


def pausing(*where: Any) -> ReviewPolicy:
    return ReviewPolicy(pause_before=where)
