"""Human review: asks a person to approve or reject the merged result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.types import interrupt

from langgraph_quorum.nodes.journal import entry
from langgraph_quorum.nodes.outcome import ended
from langgraph_quorum.state.records import ErrorRecord
from langgraph_quorum.state.workflow import QuorumState

DECISIONS = ("approve", "reject")


def human_review(state: QuorumState) -> dict[str, Any]:
    """Interrupt until a person has decided; an answer that does not fit is asked for again, saying why.

    The question has the form of LangChain's human-in-the-loop request. Answers: `"approve"`, `"reject"`, or
    `{"decisions": [{"type": "approve" | "reject", "message": "..."}]}`.
    """
    complaint = ""
    while True:
        decision, message = _understood(interrupt(question(state, complaint)))
        if decision in DECISIONS:
            break
        complaint = f"{decision!r} is no decision: answer with one of {', '.join(DECISIONS)}. "
    if decision == "approve":
        return {
            "verdict": "approved",
            "timeline": [entry(state, "human_review", "approved", message or "a human approved it")],
        }
    why = message or "a human rejected it"
    error = ErrorRecord(type="Rejected", message=why, transient=False)
    return ended(state, "human_review", "critical_failure", why, error)


def question(state: QuorumState, complaint: str = "") -> dict[str, Any]:
    """What the person is asked, with what they need to answer."""
    merged = state["merged"]
    problems = [finding["message"] for finding in state["findings"]]
    description = complaint + ("; ".join(problems) or "All targets are met.") + " Approve the result?"
    arguments = {
        "quality": merged["quality"] if merged is not None else None,
        "failed": merged["failed"] if merged is not None else [],
        "result": merged["value"] if merged is not None else None,
    }
    return {
        "action_requests": [{"name": "approve_result", "args": arguments, "description": description}],
        "review_configs": [{"action_name": "approve_result", "allowed_decisions": list(DECISIONS)}],
    }


def _understood(answer: Any) -> tuple[Any, str]:
    if isinstance(answer, Mapping) and isinstance(answer.get("decisions"), list) and answer["decisions"]:
        answer = answer["decisions"][0]
    if isinstance(answer, Mapping):
        return answer.get("type"), str(answer.get("message") or "")
    return answer, ""
