"""What a finished fan-out amounts to for one sync point, and in words. Pure: read from the records alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from langgraph_quorum.state.decision import count_good
from langgraph_quorum.state.records import BranchRecord, ReleaseReason, SyncDecision, SyncStatus
from langgraph_quorum.state.sync_policy import SyncPolicy


def conclude(
    policy: SyncPolicy, round_number: int, records: Sequence[BranchRecord], everything: Sequence[BranchRecord]
) -> SyncDecision:
    """The decision that a finished fan-out amounts to.

    Args:
        policy: Of the sync point, as applied to this run.
        round_number: Of this fan-out.
        records: Of its branches that the point counts.
        everything: Of all branches of the run that the point counts: the minimum and the threshold are held against
            these.
    """
    excused = [record["branch_id"] for record in records if record["excused"]]
    counted = [record for record in records if not record["excused"]] if excused else records
    own = [record for record in records if record["round"] == round_number]  # others are kept from earlier rounds
    missed = [record for record in own if policy.name in record["missed"]]
    late = {record["branch_id"] for record in missed}
    succeeded = [record["branch_id"] for record in counted if record["status"] == "succeeded"]
    completed = [branch_id for branch_id in succeeded if branch_id not in late] if late else succeeded
    done = set(completed)
    remaining = [record["branch_id"] for record in counted if record["branch_id"] not in done]
    ended: ReleaseReason = "all_done" if completed or not counted else "all_failed"
    release = missed[0]["missed"][policy.name] if missed else None
    reason = release["reason"] if release is not None else ended
    seconds = release["at_s"] if release is not None else max((record["settled_s"] for record in own), default=0.0)
    return SyncDecision(
        point=policy.name,
        round=round_number,
        status=_status(reason, enough=_is_enough(policy, everything, decisive=reason == "decisive")),
        reason=reason,
        progress=len(completed) / len(counted) if counted else 1.0,
        completed=completed,
        remaining=remaining,
        threshold=policy.threshold,
        seconds=seconds,
        excused=excused,
    )


def _is_enough(policy: SyncPolicy, everything: Sequence[BranchRecord], *, decisive: bool) -> bool:
    """Whether the minimum is met, and the threshold unless the answer was decisive without it."""
    excused = [record["branch_id"] for record in everything if record["excused"]]
    total = len(everything) - len(excused)
    if not total:
        return True
    succeeded = [record["branch_id"] for record in everything if record["status"] == "succeeded"]
    viable = len(succeeded) >= policy.minimum and not {*policy.must}.difference(succeeded, excused)
    return viable and (decisive or count_good(policy, everything) >= policy.needed(total))


def _status(reason: ReleaseReason, *, enough: bool) -> SyncStatus:
    """What a release means; a later fan-out may come to nothing and the whole run still have enough."""
    if not enough:
        return "timeout_recovery"
    match reason:
        case "all_done" | "all_failed":
            return "proceed"
        case "decisive" | "quorum_met" | "grace_expired" | "too_many_failed" | "deadline_partial":
            return "conditional_proceed"
        case "drained":
            return "timeout_recovery"
    assert_never(reason)


def explain(decision: SyncDecision) -> str:
    """The decision in words."""
    done, total = len(decision["completed"]), len(decision["completed"]) + len(decision["remaining"])
    words: dict[ReleaseReason, str] = {
        "all_done": "every branch had ended",
        "all_failed": "no branch succeeded",
        "quorum_met": "the quorum was reached",
        "grace_expired": "the quorum was reached and the grace had run out",
        "decisive": "the results so far were decisive",
        "too_many_failed": "more had failed than is tolerated",
        "deadline_partial": "the deadline came before the quorum",
        "drained": "the run was asked to stop",
    }
    short = decision["status"] == "timeout_recovery" and decision["reason"] == "all_done"
    below = ", too few of them well" if short else ""
    excused = f", {len(decision['excused'])} excused" if decision["excused"] else ""
    what = f"{done} of {total} succeeded{excused} after {decision['seconds']:.2f} s"
    return f"{what}: {words[decision['reason']]}{below}"
