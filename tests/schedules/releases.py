"""When a sync point must and may release: computed anew from what arrived, without the code that is being judged."""

from __future__ import annotations

import contextlib
from typing import Any

from langgraph_quorum.state.branch import Share
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.sync_policy import SyncPolicy

NEAR = 1e-6
"""Rounding of times."""


class Point:
    """One sync point of one sitting, as an onlooker with pencil and paper sees it."""

    def __init__(self, policy: SyncPolicy, share: Share, opened_at: float, patient: bool) -> None:
        self.policy, self.name = policy, share["point"]
        self.total, self.earlier = share["total"], share["earlier"]
        self.must = set(share["must"])
        self.deadline = opened_at + policy.deadline_s
        # After a question the answer must not come too late: the quorum alone ends nothing before the deadline.
        self.grace_s = max(policy.grace_s, min(policy.deadline_s, 1e9)) if patient else policy.grace_s
        self.succeeded: dict[str, Any] = {}
        self.good = self.failed = self.settled = 0
        self.quorum_at: float | None = None
        self.decisive = False
        self.reason: str | None = None
        self.released_at: float | None = None

    def arrive(self, record: BranchRecord, at: float) -> None:
        """A branch that it counts has ended; after the release that changes nothing any more."""
        if self.reason is not None:
            return
        if record["excused"]:
            self.total -= 1
            self.must.discard(record["branch_id"])
        else:
            self.settled += 1
            self.failed += record["status"] in {"failed", "timed_out", "skipped"}
            if record["status"] == "succeeded":
                self._succeed(record)
        if self.quorum_at is None and self._is_quorum():
            self.quorum_at = at

    def _succeed(self, record: BranchRecord) -> None:
        self.succeeded[record["branch_id"]] = record["result"]
        score = record["quality"]["score"] if record["quality"] is not None else None
        self.good += score is None or score >= self.policy.min_quality
        if self.policy.until is not None:
            with contextlib.suppress(LookupError):
                self.decisive = self.decisive or bool(self.policy.until(dict(self.succeeded)))

    def _is_quorum(self) -> bool:
        """Enough good answers of this fan-out, the minimum over the whole run, and all that must be there."""
        if self.policy.successes is None:
            enough = self.good + 1e-9 >= self.policy.threshold * self.total
        else:
            enough = self.good + self.earlier >= self.policy.successes
        return enough and self.good + self.earlier >= self.policy.minimum and self.must <= self.succeeded.keys()

    def _is_past_bearing(self) -> bool:
        tolerate = self.policy.tolerate
        if tolerate is None:
            return False
        return self.failed > (tolerate * self.total + 1e-9 if isinstance(tolerate, float) else tolerate)

    @property
    def viable(self) -> bool:
        """Whether anything can be built on it."""
        enough = len(self.succeeded) + self.earlier >= self.policy.minimum
        return enough and self.must <= self.succeeded.keys()

    def due(self, now: float) -> str | None:
        """The reason for which it must have released by now; a drain apart."""
        if self.settled >= self.total:
            return "all_done" if self.succeeded or not self.total else "all_failed"
        if self.decisive:
            return "decisive"
        if self._is_past_bearing():
            return "too_many_failed"
        if self.quorum_at is not None:
            over = now + NEAR >= min(self.quorum_at + self.grace_s, self.deadline)
            return ("grace_expired" if self.grace_s > 0 else "quorum_met") if over else None
        return "deadline_partial" if now + NEAR >= self.deadline else None

    def objection(self, reason: str, now: float, drain_at: float | None) -> str | None:
        """What is wrong with a release for this reason at this moment; None when nothing is."""
        if self.reason is not None:
            return f"point {self.name} released twice: {self.reason}, then {reason}"
        if reason == "drained":
            return None if drain_at is not None else f"point {self.name} was drained, and nobody had asked for it"
        due = self.due(now)
        if due == reason:
            return None
        return f"point {self.name} released as {reason} at {now:.6g}, its inputs say {due or 'wait'}: {self}"

    def release(self, reason: str, at: float) -> None:
        self.reason, self.released_at = reason, at

    def __repr__(self) -> str:
        return (
            f"total={self.total} settled={self.settled} good={self.good} failed={self.failed} earlier={self.earlier} "
            f"must={sorted(self.must)} quorum_at={self.quorum_at} deadline={self.deadline:g} {self.policy}"
        )
