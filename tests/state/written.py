"""Records as the workflow writes them, with everything filled in but what a test is about."""

from __future__ import annotations

from typing import Any

from langgraph_quorum.state.records import (
    BranchRecord,
    BranchStatus,
    ErrorRecord,
    Missed,
    Quality,
    ReleaseReason,
    blank_record,
)


def quality(score: float | None, confidence: float | None = None, completeness: float | None = None) -> Quality:
    return Quality(score=score, confidence=confidence, completeness=completeness, consistency=None, evidence=[])


def record(
    branch_id: str,
    status: BranchStatus = "succeeded",
    *,
    score: float | None = None,
    round_number: int = 0,
    transient: bool | None = None,
    release: ReleaseReason | None = None,
    settled_s: float = 1.0,
    result: Any = None,
    points: list[str] | None = None,
    excused: bool = False,
) -> BranchRecord:
    error = None if transient is None else ErrorRecord(type="Fault", message="no", transient=transient)
    return {
        **blank_record(branch_id, branch_id, status),
        "result": result,
        "error": error,
        "seconds": 1.0,
        "settled_s": settled_s,
        "round": round_number,
        "quality": quality(score) if status == "succeeded" else None,
        "release": release,
        "points": ["main"] if points is None else points,
        "missed": {} if release is None else {"main": Missed(reason=release, at_s=settled_s)},
        "excused": excused,
    }
