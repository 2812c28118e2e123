"""How a branch ended, before it is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from langgraph_quorum.state.decision import Release
from langgraph_quorum.state.records import BranchStatus, ErrorRecord, Quality, ReleaseReason, WorkItem

_CUT_WHEN: dict[ReleaseReason, str] = {
    "quorum_met": "enough good answers were in",
    "grace_expired": "enough good answers were in",
    "decisive": "the results so far were decisive",
    "too_many_failed": "more had failed than is tolerated",
    "drained": "the run was asked to stop",
}


NO_WORK: list[WorkItem] = []
"""Stays empty. Nearly all branches share it: Python's garbage collector looks at every list there is."""


class NotToRunError(Exception):
    """A prerequisite ended without success."""


class ExcusedError(NotToRunError):
    """A condition said no, its own or those of all its prerequisites. That is no failure."""


class ConditionError(Exception):
    """A condition raised instead of saying yes or no."""


@dataclass(slots=True)
class Outcome:
    """How a branch ended."""

    status: BranchStatus
    reason: str
    result: Any = None
    error: ErrorRecord | None = None
    quality: Quality | None = None
    release: Release | None = None
    excused: bool = False
    work: list[WorkItem] = field(default_factory=lambda: NO_WORK)

    @property
    def drained(self) -> bool:
        """Whether the run was asked to stop before: it has not ended, and runs again when the run goes on."""
        return self.release is not None and self.release.reason == "drained"


def cut(released: Release, *, begun: bool, threaded: bool = False) -> Outcome:
    """What a release means for a branch that had not ended; a thread that had begun cannot be stopped."""
    state = "still waiting for its turn"
    if begun:
        state = "still running, in a thread that runs on," if threaded else "still running"
    if released.reason == "deadline_partial":
        return Outcome("timed_out", f"{state} at the sync point's deadline", release=released)
    when = _CUT_WHEN.get(released.reason, "the sync point moved on")
    return Outcome("cut", f"{state} when {when}", release=released)
