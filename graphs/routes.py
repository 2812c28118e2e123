"""Where the workflow goes next. Each route is a word that also stands on the drawing.

Async, because LangGraph runs a sync function in a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from langgraph_quorum.state.policies import ValidationPolicy
from langgraph_quorum.state.records import Verdict
from langgraph_quorum.state.workflow import QuorumState

Synced = Literal["proceed / conditional_proceed", "timeout_recovery", "continue"]
"""The ways on from the sync point. A drawing keeps one label for each pair of nodes, so both words share one."""
Recovery = Literal["redistribute", "degrade", "escalate", "give_up"]


async def after_sync_point(state: QuorumState) -> Synced:
    """By what is to go out next, else by the decisions of the fan-out that has just ended."""
    if state["redo"]:
        return "continue"
    decisions = [decision for decision in state["sync"] if decision["round"] == state["round"]]
    short = any(decision["status"] == "timeout_recovery" for decision in decisions)
    return "timeout_recovery" if short else "proceed / conditional_proceed"


async def after_validator(state: QuorumState) -> Verdict | Literal["ask"]:
    """By the verdict; with an approval, questions that were put off are asked first."""
    if state["redo"]:
        return "ask"
    return state["verdict"] or "approved"


def after_load_balancer(policy: ValidationPolicy) -> Callable[[QuorumState], Awaitable[Recovery]]:
    """Redistribute what was chosen; else go on with what there is, or ask a human once it was found wanting."""

    async def recover(state: QuorumState) -> Recovery:
        if state["redo"]:
            return "redistribute"
        if state.get("merged_round") != state["round"] or state["merged"] is None:
            return "degrade"
        return "escalate" if policy.review == "unmet" else "give_up"

    return recover
