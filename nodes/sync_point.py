"""The sync point: reads how the fan-out ended, writes the decision down, and points the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from langgraph.runtime import Runtime

from langgraph_quorum.nodes.journal import entry
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.state.decision import is_good
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.records import BranchRecord, ReleaseReason, SyncDecision, SyncStatus
from langgraph_quorum.state.workflow import QuorumContext, QuorumState


def sync_point_node(policy: SyncPolicy) -> RuntimeNode:
    """The sync point of one workflow."""

    async def sync_point(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        applied = QuorumContext.of(runtime.context).applied_to(policy)
        records = [state["branches"][branch_id] for branch_id in state["active"]]
        everything = list(state["branches"].values())
        decision = conclude(applied, state["round"], records, everything)
        return {
            "active": [],
            "sync": [decision],
            "performance": {record["branch_id"]: _performance(record) for record in everything},
            "metrics": _metrics(everything, len(state["queue"])),
            "timeline": [
                *(_branch_ended(state, record) for record in records),
                entry(state, "sync_point", "decided", explain(decision), **decision),
            ],
        }

    return sync_point


def conclude(
    policy: SyncPolicy, round_number: int, records: Sequence[BranchRecord], everything: Sequence[BranchRecord]
) -> SyncDecision:
    """The decision that a finished fan-out amounts to.

    Args:
        policy: As applied to this run.
        round_number: Of this fan-out.
        records: Of its branches.
        everything: Of all branches of the run: the minimum and the threshold are held against these.
    """
    completed = [record["branch_id"] for record in records if record["status"] == "succeeded"]
    remaining = [record["branch_id"] for record in records if record["status"] != "succeeded"]
    reason = _reason(records, bool(completed))
    ended_now = [record for record in records if record["round"] == round_number]
    return SyncDecision(
        point=policy.name,
        round=round_number,
        status=_status(reason, enough=_is_enough(policy, everything, decisive=reason == "decisive")),
        reason=reason,
        progress=len(completed) / len(records),
        completed=completed,
        remaining=remaining,
        threshold=policy.threshold,
        seconds=max((record["settled_s"] for record in ended_now), default=0.0),
    )


def _reason(records: Sequence[BranchRecord], any_succeeded: bool) -> ReleaseReason:
    released: list[ReleaseReason] = [record["release"] for record in records if record["release"] is not None]
    if released:
        return released[0]
    return "all_done" if any_succeeded else "all_failed"


def _is_enough(policy: SyncPolicy, everything: Sequence[BranchRecord], *, decisive: bool) -> bool:
    """Whether the minimum is met, and the threshold unless the answer was decisive without it."""
    succeeded = {record["branch_id"] for record in everything if record["status"] == "succeeded"}
    good = sum(is_good(policy, record) for record in everything)
    viable = len(succeeded) >= policy.minimum and succeeded.issuperset(policy.must)
    return viable and (decisive or good >= policy.needed(len(everything)))


def _status(reason: ReleaseReason, *, enough: bool) -> SyncStatus:
    if not enough:
        return "timeout_recovery"
    match reason:
        case "decisive":
            return "conditional_proceed"
        case "all_done":
            return "proceed"
        case "quorum_met" | "grace_expired":
            return "conditional_proceed"
        case "all_failed" | "too_many_failed" | "deadline_partial" | "drained":
            return "timeout_recovery"
    assert_never(reason)


def explain(decision: SyncDecision) -> str:
    """The decision in words."""
    done, total = len(decision["completed"]), len(decision["completed"]) + len(decision["remaining"])
    words: dict[ReleaseReason, str] = {
        "all_done": "every branch had ended",
        "all_failed": "no branch succeeded",
        "quorum_met": f"the threshold of {decision['threshold']:.0%} was reached",
        "grace_expired": f"the threshold of {decision['threshold']:.0%} was reached and the grace had run out",
        "decisive": "the results so far were decisive",
        "too_many_failed": "more had failed than is tolerated",
        "deadline_partial": f"the deadline came below the threshold of {decision['threshold']:.0%}",
        "drained": "the run was asked to stop",
    }
    short = decision["status"] == "timeout_recovery" and decision["reason"] == "all_done"
    below = ", too few of them well" if short else ""
    return f"{done} of {total} succeeded after {decision['seconds']:.2f} s: {words[decision['reason']]}{below}"


def _branch_ended(state: QuorumState, record: BranchRecord) -> Any:
    if record["round"] == state["round"]:
        why = record["reason"] or f"{record['specialist']} answered"
        event = entry(state, record["specialist"], f"branch_{record['status']}", why)
    else:
        why = f"doing it again gave nothing better than its result of round {record['round']}"
        event = entry(state, record["specialist"], "branch_kept", why)
    event["key"] += f"/{record['branch_id']}"
    event["data"] = {
        key: record[key] for key in ("branch_id", "attempts", "seconds", "waited_s", "settled_s", "started_at", "error")
    }
    return event


def _performance(record: BranchRecord) -> dict[str, float]:
    figures = {key: float(record[key]) for key in ("seconds", "waited_s", "attempts")}
    score = record["quality"]["score"] if record["quality"] is not None else None
    return figures if score is None else {**figures, "quality": score}


def _metrics(records: Sequence[BranchRecord], total: int) -> dict[str, float]:
    counts = {f"{status}": 0.0 for status in ("succeeded", "failed", "timed_out", "cut", "skipped")}
    for record in records:
        counts[record["status"]] = counts.get(record["status"], 0.0) + 1
    elapsed = max(record["settled_s"] for record in records)
    return {
        **counts,
        "total": float(total),
        "progress": counts["succeeded"] / total,
        "busy_s": sum(record["seconds"] for record in records),
        "throughput_per_s": counts["succeeded"] / elapsed if elapsed > 0 else 0.0,
    }
