"""Where the workflow goes next. Each route is a word that also stands on the drawing.

A drawing shows the routes that a workflow with these policies can take, and no others. Async, because LangGraph runs a
sync function in a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from langgraph.graph import END

from langgraph_quorum.nodes.coordinator import FanOut
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import Policies, ValidationPolicy
from langgraph_quorum.state.workflow import QuorumState

Ways: TypeAlias = Mapping[str, str]
"""Nodes by the route that leads there."""
Route: TypeAlias = Callable[[QuorumState], Awaitable[str]]

PROCEED = "proceed / conditional_proceed"
"""A drawing keeps one label for each pair of nodes, so both words share one."""


def ways_from_sync_point() -> dict[str, str]:
    """Any sync point may fall short, and any fan-out may leave something to send out at once."""
    return {PROCEED: "merger", "timeout_recovery": "load_balancer", "continue": "coordinator"}


def ways_from_validator(policies: Policies, fan_out: FanOut) -> dict[str, str]:
    """With a review in any case, a result is neither approved nor redone before a human has seen it."""
    ways = {"critical_failure": END}
    if policies.validation.review != "always":
        ways |= {"approved": "integrator", "needs_revision": "load_balancer"}
    if is_reviewed(policies):
        ways["escalate"] = "human_review"
    if _puts_questions_off(fan_out):
        ways["ask"] = "coordinator"
    return ways


def ways_from_load_balancer(policies: Policies, fan_out: FanOut) -> dict[str, str]:
    """With a review in any case, it is only asked to mend what the sync point misses."""
    ways = {"degrade": "merger"}
    if policies.recovery.rounds or _puts_questions_off(fan_out):
        ways["redistribute"] = "coordinator"
    match policies.validation.review:
        case "never":
            ways["give_up"] = "integrator"
        case "unmet":
            ways["escalate"] = "human_review"
        case "always":
            pass
    return ways


def is_reviewed(policies: Policies) -> bool:
    """Whether a human may be asked about the result."""
    return policies.validation.review != "never"


def _puts_questions_off(fan_out: FanOut) -> bool:
    """Whether branches may ask later than they are reached: where they are parked, or travel in bundles."""
    return fan_out.bundle is not None or any(
        policy.on_question == "park" for policy in fan_out.points.policies.values()
    )


async def after_sync_point(state: QuorumState) -> str:
    """By what is to go out next, else by the decisions of the fan-out that has just ended."""
    if state["redo"]:
        return "continue"
    decisions = [decision for decision in state["sync"] if decision["round"] == state["round"]]
    short = any(decision["status"] == "timeout_recovery" for decision in decisions)
    return "timeout_recovery" if short else PROCEED


def after_validator(ways: Ways) -> Route:
    """By the verdict; with an approval, questions that were put off are asked first."""

    async def judge(state: QuorumState) -> str:
        return _one_of(ways, "verdict", "ask" if state["redo"] else state["verdict"] or "approved")

    return judge


def after_load_balancer(policy: ValidationPolicy, ways: Ways) -> Route:
    """Redistribute what was chosen; else go on with what there is, or ask a human once it was found wanting."""

    async def recover(state: QuorumState) -> str:
        if state["redo"]:
            return _one_of(ways, "redo", "redistribute")
        if state.get("merged_round") != state["round"] or state["merged"] is None:
            return "degrade"
        return _one_of(ways, "merged", "escalate" if policy.review == "unmet" else "give_up")

    return recover


def _one_of(ways: Ways, field: str, way: str) -> str:
    """The way, where there is one. A state that was edited by hand may ask for one that these policies never take."""
    if way not in ways:
        raise ConfigurationError(field, way, f"this workflow goes on by {', '.join(sorted(ways))} from here")
    return way
