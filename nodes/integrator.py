"""The integrator: writes the answer down. Async, because LangGraph runs a sync node in a thread."""

from __future__ import annotations

from typing import Any

from langgraph_quorum.nodes.outcome import ended
from langgraph_quorum.state.workflow import QuorumState


async def integrator(state: QuorumState) -> dict[str, Any]:
    """End the run with what there is: approved, or partial when a target stayed unmet."""
    verdict = state["verdict"] or "approved"
    wrong = [finding["message"] for finding in state["findings"] if finding["severity"] == "error"]
    if verdict == "approved":
        return ended(state, "integrator", verdict, "All targets are met." if not wrong else "A human approved it.")
    return ended(state, "integrator", verdict, "; ".join([*wrong, state["load"]["why"]]))
