"""How a run ends, written into its state."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage

from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.journal import entry
from langgraph_quorum.state.merged import Merged
from langgraph_quorum.state.records import ErrorRecord, RunStatus, Verdict
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import LoadMetrics, QuorumState


def ended(
    state: QuorumState, node: str, verdict: Verdict, why: str, error: ErrorRecord | None = None
) -> dict[str, Any]:
    """The final fields of a run: its status follows from the verdict."""
    merged = state["merged"]
    if merged is None:
        raise ValueError("a run ends only after its results were merged")
    status: RunStatus = "partial"
    if verdict == "approved":
        status = "approved"
    elif verdict == "critical_failure":
        status = "failed"
    low, high = merged["confidence_interval"]
    results = counted(merged["sources_count"], "result")
    summary = f"{status}: {results}, quality {merged['quality']:.2f} [{low:.2f}, {high:.2f}]. {why}"
    return {
        "status": status,
        "verdict": verdict,
        "error": error,
        **result_of(merged),
        "pending": harvest.left_by(state["workflow_id"]),
        "messages": [AIMessage(summary, id=f"{state['workflow_id']}/outcome")],
        "timeline": [entry(state, node, "ended", f"{status}: {why}", **_spent(state["load"]))],
    }


def _spent(load: LoadMetrics) -> dict[str, float]:
    """What the whole run took, which an outcome tells nowhere else: records are of the last round of their branch."""
    return {"attempts": load["attempts"], "seconds": load["seconds"], "cost": load["cost"], "rounds": load["rounds"]}


def result_of(merged: Merged) -> dict[str, Any]:
    """What a merged result gives to the run's output."""
    return {
        "result": merged["value"],
        "quality": merged["quality"],
        "confidence_interval": merged["confidence_interval"],
        "attribution": merged["attribution"],
        "partial": merged["partial"],
        "failed": merged["failed"],
    }
