"""The integrator: writes the answer down. Async, because LangGraph runs a sync node in a thread."""

from __future__ import annotations

from typing import Any

from langgraph_quorum.nodes.outcome import ended
from langgraph_quorum.state.workflow import QuorumState

MET = "All targets are met."


async def integrator(state: QuorumState) -> dict[str, Any]:
    """End the run with what there is: approved, or partial when a target stayed unmet."""
    verdict = state["verdict"] or "approved"
    wrong = [finding["message"] for finding in state["findings"] if finding["severity"] == "error"]
    if verdict == "approved":
        return ended(state, "integrator", verdict, "A human approved it." if wrong or _asked(state) else MET)
    return ended(state, "integrator", verdict, "; ".join([*wrong, state["load"]["why"]]))


def _asked(state: QuorumState) -> bool:
    """Whether a human has had the last word on this result."""
    return any(line["node"] == "human_review" for line in state["timeline"][-3:])
