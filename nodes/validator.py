"""The validator: holds the merged result against its targets and gives the verdict."""

from __future__ import annotations

import math
from typing import Any

from langgraph.runtime import Runtime

from langgraph_quorum.nodes.journal import entry
from langgraph_quorum.nodes.outcome import ended
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.state.decision import is_good
from langgraph_quorum.state.policies import ValidationPolicy
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.records import CheckFinding, ErrorRecord, Verdict
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import QuorumContext, QuorumState

ROUNDING = 1e-9
"""A mean of values at the target may fall short of it by this much."""


def validator_node(policy: ValidationPolicy, sync: SyncPolicy) -> RuntimeNode:
    """The validator of one workflow."""

    async def validator(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        applied = QuorumContext.of(runtime.context).applied_to(sync)
        findings = [
            *check_minimum(state, applied),
            *check_quorum(state, applied),
            *check_coverage(state),
            *check_quality(state, policy.quality),
        ]
        verdict = verdict_on(findings, always_ask=policy.review == "always")
        why = "; ".join(finding["message"] for finding in findings) or "all targets are met"
        written = {
            "findings": findings,
            "verdict": verdict,
            "timeline": [entry(state, "validator", verdict, why)],
        }
        if verdict != "critical_failure":
            return written
        error = ErrorRecord(type="CriticalFailure", message=why, transient=False)
        final = ended(state, "validator", verdict, why, error)
        return {**final, **written, "timeline": [*written["timeline"], *final["timeline"]]}

    return validator


def verdict_on(findings: list[CheckFinding], *, always_ask: bool = False) -> Verdict:
    """The verdict that findings amount to."""
    severities = {finding["severity"] for finding in findings}
    if "critical" in severities:
        return "critical_failure"
    if always_ask:
        return "escalate"
    return "needs_revision" if "error" in severities else "approved"


def check_minimum(state: QuorumState, sync: SyncPolicy) -> list[CheckFinding]:
    """Fewer successes than the minimum, or one of those that must be among them missing, is critical.

    The load balancer had its turn already.
    """
    branches = state["branches"].values()
    succeeded = {record["branch_id"] for record in branches if record["status"] == "succeeded"}
    absent = [name for name in sync.must if name not in succeeded]
    if len(succeeded) >= sync.minimum and not absent:
        return []
    branches_of = counted(len(state["queue"]), "branch", "branches")
    message = f"{len(succeeded)} of {branches_of} succeeded, at least {sync.minimum} must"
    if absent:
        message = f"{', '.join(absent)} must succeed and did not"
    reasons = sorted({f"{r['branch_id']}: {r['reason']}" for r in branches if r["status"] != "succeeded"})
    if reasons:
        message += f" ({'; '.join(reasons[:3])}{'; ...' if len(reasons) > 3 else ''})"  # noqa: PLR2004
    failed = [record["branch_id"] for record in branches if record["status"] != "succeeded"]
    return [CheckFinding(check="minimum", severity="critical", message=message, branches=failed)]


def check_quorum(state: QuorumState, sync: SyncPolicy) -> list[CheckFinding]:
    """Over the whole run, as many good answers are in as the policy asks for, unless fewer were decisive."""
    if state["sync"] and state["sync"][-1]["reason"] == "decisive":
        return []
    good = {record["branch_id"] for record in state["branches"].values() if is_good(sync, record)}
    needed = sync.needed(len(state["queue"]))
    if len(good) >= needed:
        return []
    message = f"{counted(len(good), 'good answer')} of {len(state['queue'])}, the quorum is {needed}"
    missing = [item["branch_id"] for item in state["queue"] if item["branch_id"] not in good]
    return [CheckFinding(check="quorum", severity="error", message=message, branches=missing)]


def check_coverage(state: QuorumState) -> list[CheckFinding]:
    """Every group of the work, for instance every document, has at least one result."""
    missing: dict[str, list[str]] = {}
    covered: set[str] = set()
    for item in state["queue"]:
        group, record = item.get("group", ""), state["branches"].get(item["branch_id"])
        if record is not None and record["status"] == "succeeded":
            covered.add(group)
        elif group:
            missing.setdefault(group, []).append(item["branch_id"])
    return [
        CheckFinding(check="coverage", severity="error", message=f"{group} has no result", branches=branches)
        for group, branches in missing.items()
        if group not in covered
    ]


def check_quality(state: QuorumState, target: float) -> list[CheckFinding]:
    """The measured quality reaches the target. What nothing measured is said, and not held against the result."""
    merged = state["merged"]
    if merged is None or not merged["attribution"]:
        return []
    rows = [row for row in merged["attribution"] if not row["quality_assumed"]]
    if not rows:
        message = f"quality was not measured: {merged['quality']:.2f} is assumed"
        return [CheckFinding(check="quality", severity="info", message=message, branches=[])]
    weight = math.fsum(row["weight"] for row in rows)
    measured = math.fsum(row["weight"] * row["quality"] for row in rows) / weight if weight else 0.0
    if measured >= target - ROUNDING:
        return []
    weak = [row["branch_id"] for row in rows if row["quality"] < target]
    message = f"quality {measured:.2f} is below the target {target:g}"
    return [CheckFinding(check="quality", severity="error", message=message, branches=weak)]
