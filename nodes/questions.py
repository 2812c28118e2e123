"""Questions that were put off: their branches go out to ask them when nothing else is left to do."""

from __future__ import annotations

from typing import Any

from langgraph_quorum.nodes.outcome import result_of
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import QuorumState


def parked(state: QuorumState) -> list[str]:
    """Branches whose question is open, and those that wait for one of them."""
    return [branch_id for branch_id, record in state["branches"].items() if record["status"] == "awaiting_human"]


def explain(branches: list[str]) -> str:
    """Why they go out, in words."""
    return f"all else is done: {counted(len(branches), 'branch waits', 'branches wait')} for a human"


def asked(state: QuorumState, branches: list[str]) -> dict[str, Any]:
    """A fan-out in which these branches ask, with the result so far for those who look at the run meanwhile."""
    merged = state["merged"]
    return {
        **(result_of(merged) if merged is not None else {}),
        "verdict": None,
        "redo": branches,
        "round": state["round"] + 1,
        "load": {**state["load"], "why": explain(branches)},
    }
