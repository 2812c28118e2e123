"""Why sync points moved on, and what those were doing that they left behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from langgraph_quorum.nodes.explaining.explanation import LeftBehind, PointTold
from langgraph_quorum.nodes.explaining.trail import Trail, cause
from langgraph_quorum.nodes.explaining.wording import after_waiting
from langgraph_quorum.nodes.verdicts import explain as in_words
from langgraph_quorum.state.records import BranchRecord, BranchStatus, SyncDecision
from langgraph_quorum.state.words import counted


def points_told(state: Mapping[str, Any], trail: Trail) -> list[PointTold]:
    """Every decision, in order, with its reason and whom it left behind."""
    at = {
        (line["data"].get("point"), line["data"].get("round")): line["at"]
        for line in trail.of("decided")
        if "data" in line
    }
    branches = state.get("branches") or {}
    return [
        PointTold(
            decision=decision,
            words=in_words(decision),
            at=at.get((decision["point"], decision["round"])),
            left=[_left(name, decision, branches.get(name), trail) for name in decision["remaining"]],
        )
        for decision in state.get("sync") or []
    ]


def _left(branch_id: str, decision: SyncDecision, record: BranchRecord | None, trail: Trail) -> LeftBehind:
    """The branch as it was in that round: by its record, or by the trail where it was done again since."""
    if record is not None and record["round"] == decision["round"] and not record["late"]:
        figures: Mapping[str, Any] = record
        return LeftBehind(
            branch_id=branch_id,
            specialist=record["specialist"],
            status=record["status"],
            doing=_doing(record["reason"], figures),
        )
    line = trail.ended(decision["round"], branch_id)
    if line is None:
        known = "" if record is None else record["specialist"]
        return LeftBehind(branch_id=branch_id, specialist=known, status=None, doing="what it did then is not stored")
    status = cast("BranchStatus", line["event"].removeprefix("branch_"))
    ended = status if line["event"] != "branch_kept" else None
    doing = _doing(line["why"], line.get("data", {}))
    return LeftBehind(branch_id=branch_id, specialist=line["node"], status=ended, doing=doing)


def _doing(reason: str, figures: Mapping[str, Any]) -> str:
    """`still running when enough good answers were in; it had run 2.10 s in 1 attempt`."""
    reason, attempts = cause(reason, figures.get("error")), figures.get("attempts", 0)
    if not attempts:
        waited = f"it had waited {figures.get('waited_s', 0.0):.2f} s and never ran"
        return f"{reason}; {waited}" if reason else waited
    ran = f"it had run {figures.get('seconds', 0.0):.2f} s in {counted(attempts, 'attempt')}"
    ran += after_waiting(figures.get("waited_s", 0.0))
    return f"{reason}; {ran}" if reason else ran
