"""The sync point's rule, pure: what has arrived, what time it is, and therefore wait or release."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from langgraph_quorum.state.records import BranchRecord, ReleaseReason
from langgraph_quorum.state.sync_policy import SyncPolicy


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What a sync point knows. Times are seconds on one monotonic clock.

    Attributes:
        total: Branches of this fan-out, without those that were excused.
        good: Branches that succeeded well enough.
        settled: Branches that have ended, good or not; also those that wait for a human.
        succeeded: Branches that succeeded, good enough or not.
        opened_at: When the fan-out began.
        quorum_at: When the quorum was reached, None before that.
        failed: Branches that failed, ran out of time or were skipped.
        decisive: Whether the policy's `until` has said so.
    """

    total: int
    good: int
    settled: int
    succeeded: int
    opened_at: float
    quorum_at: float | None = None
    failed: int = 0
    decisive: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, unless another branch arrives."""

    until: float


@dataclass(frozen=True, slots=True)
class Release:
    """Move on now."""

    reason: ReleaseReason


def is_good(policy: SyncPolicy, record: BranchRecord) -> bool:
    """Whether a branch counts for the quorum: a success whose score, where there is one, reaches the minimum.

    Where a minimum is asked for, None is no answer, unless a scorer has said that it is.
    """
    if record["status"] != "succeeded":
        return False
    quality = record["quality"]
    score = None if quality is None else quality["score"]
    if score is None:
        return record["result"] is not None or not policy.min_quality
    return score >= policy.min_quality


def count_good(policy: SyncPolicy, records: Iterable[BranchRecord]) -> int:
    """How many of them count for the quorum."""
    if policy.min_quality:
        return sum([is_good(policy, record) for record in records])
    return len([True for record in records if record["status"] == "succeeded"])


def decide(policy: SyncPolicy, arrivals: Arrivals, now: float) -> Wait | Release:
    """Say whether a sync point waits or moves on.

    A quorum that was reached stays reached, so the answer only ever moves from wait to release as time goes by.
    """
    if arrivals.settled >= arrivals.total:
        return Release("all_done" if arrivals.succeeded or not arrivals.total else "all_failed")
    if arrivals.decisive:
        return Release("decisive")
    if arrivals.failed > policy.tolerated(arrivals.total):
        return Release("too_many_failed")
    deadline = arrivals.opened_at + policy.deadline_s
    if arrivals.quorum_at is not None:
        end = min(arrivals.quorum_at + policy.grace_s, deadline)
        if now < end:
            return Wait(end)
        return Release("grace_expired" if policy.grace_s > 0 else "quorum_met")
    return Release("deadline_partial") if now >= deadline else Wait(deadline)
