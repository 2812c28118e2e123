"""The events of a run that is watched, in words and as the live view takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from langgraph_quorum.orchestration.cli.progress.board import STAGES
from langgraph_quorum.orchestration.cli.words import UNNAMED, counted, seconds, shortened
from langgraph_quorum.orchestration.events import (
    BranchEnded,
    NodeEnded,
    PointReleased,
    QuestionAnswered,
    QuestionAsked,
    RunEnded,
    RunEvent,
    RunStarted,
)
from langgraph_quorum.state.records import BranchRecord, RunStatus, SyncDecision

_LENGTH = 600

_ENDINGS: dict[RunStatus, str] = {
    "waiting": "the run waits for an answer",
    "interrupted": "the run was interrupted: nobody drives it, and what is finished is kept",
    "cancelled": "the run was cancelled",
    "failed": "the run has failed",
}


def happening(event: RunEvent) -> str:  # noqa: PLR0911  one for each kind
    """The event in words."""
    match event:
        case RunStarted():
            task = f", {shortened(event.task, _LENGTH)}" if event.task else ""
            return f"thread {event.thread_id}: {event.workflow}{task} (started {event.at[:19].replace('T', ' ')} UTC)"
        case NodeEnded():
            return STAGES.get(event.node) or f"node {event.node} ended"
        case BranchEnded():
            return _branch(event.record)
        case PointReleased():
            return _release(event.decision)
        case QuestionAsked():
            return f"asks ({event.id}): {shortened(_question(event.payload), _LENGTH)}"
        case QuestionAnswered():
            return f"answered ({event.id})"
        case RunEnded():
            ending = _ENDINGS.get(event.status, f"the run has ended: {event.status}")
            return f"{ending}: {shortened(event.reason, _LENGTH)}" if event.reason else ending
    assert_never(event)


def as_progress(event: BranchEnded | NodeEnded) -> Mapping[str, Any]:
    """The event as a run's own driver would tell it."""
    if isinstance(event, NodeEnded):
        return {"quorum": "node", "node": event.node}
    record = event.record
    named = {"branch_id": record["branch_id"], "group": record["group"], "specialist": record["specialist"]}
    return {"quorum": "branch", **named, "event": record["status"], "seconds": record["seconds"], "sync": {}}


def _branch(record: BranchRecord) -> str:
    words = f"{record['branch_id']} {record['status'].replace('_', ' ')} after {seconds(record['seconds'])}"
    if record["attempts"] > 1:
        words += f", {record['attempts']} attempts"
    if record["late"]:
        words += ", late"
    reason = record["reason"] if record["status"] != "succeeded" else ""
    return f"{words}: {reason}" if reason else words


def _release(decision: SyncDecision) -> str:
    point = "" if decision["point"] == UNNAMED else f" {decision['point']}"
    done, rest = len(decision["completed"]), len(decision["remaining"])
    total = counted(done + rest, "branch", "branches")
    return f"sync point{point}: {decision['reason']}, {done} of {total} good after {seconds(decision['seconds'])}"


def _question(payload: Any) -> str:
    if isinstance(payload, Mapping):
        said = [str(asked["description"]) for asked in payload.get("action_requests") or [] if "description" in asked]
        return " ".join(said) or str(dict(payload))
    return str(payload)
