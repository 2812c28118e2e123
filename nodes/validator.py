"""The validator: holds the merged result against its targets and gives the verdict."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from langgraph.runtime import Runtime

from langgraph_quorum.nodes.coordinator import FanOut
from langgraph_quorum.nodes.journal import entry
from langgraph_quorum.nodes.outcome import ended
from langgraph_quorum.nodes.questions import asked, explain, parked
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.state.decision import is_good
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.policies import ValidationPolicy
from langgraph_quorum.state.records import BranchRecord, CheckFinding, ErrorRecord, Verdict
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import QuorumContext, QuorumState

ROUNDING = 1e-9
"""A mean of values at the target may fall short of it by this much."""


def validator_node(policy: ValidationPolicy, fan_out: FanOut) -> RuntimeNode:
    """The validator of one workflow."""

    async def validator(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        points = fan_out.points.applied(runtime.context)
        findings = [
            *check_points(state, points, fan_out),
            *check_coverage(state),
            *check_growth(state),
            *check_quality(state, policy.quality),
        ]
        verdict = verdict_on(findings, always_ask=policy.review == "always")
        why = "; ".join(finding["message"] for finding in findings) or "all targets are met"
        waiting = parked(state)
        if waiting and _are_to_be_asked(state, verdict, waiting, points, fan_out):
            lines = [entry(state, "validator", "asked", f"{why}; {explain(waiting)}")]
            return {"findings": findings, **asked(state, waiting), "timeline": lines}
        written: dict[str, Any] = {
            "findings": findings,
            "verdict": verdict,
            "redo": [],
            "timeline": [entry(state, "validator", verdict, why)],
        }
        if verdict == "critical_failure":
            error = ErrorRecord(type="CriticalFailure", message=why, transient=False)
            final = ended(state, "validator", verdict, why, error)
            return {**final, **written, "timeline": [*written["timeline"], *final["timeline"]]}
        return written

    return validator


def _are_to_be_asked(state: QuorumState, verdict: Verdict, waiting: list[str], points: Points, fan_out: FanOut) -> bool:
    """Whether questions that were put off are due: before anything ends that their answers may change.

    What the load balancer may mend goes first. A run that fails whatever the answers are asks nobody.
    """
    if verdict == "needs_revision":
        return False
    if verdict != "critical_failure":
        return True
    answered = {name: BranchRecord(**{**state["branches"][name], "status": "succeeded"}) for name in waiting}
    hoped: QuorumState = {**state, "branches": {**state["branches"], **answered}}
    return verdict_on(check_points(hoped, points, fan_out)) != "critical_failure"


def verdict_on(findings: list[CheckFinding], *, always_ask: bool = False) -> Verdict:
    """The verdict that findings amount to."""
    severities = {finding["severity"] for finding in findings}
    if "critical" in severities:
        return "critical_failure"
    if always_ask:
        return "escalate"
    return "needs_revision" if "error" in severities else "approved"


def check_points(state: QuorumState, points: Points, fan_out: FanOut) -> list[CheckFinding]:
    """Each sync point has its minimum and its quorum, over the whole run. The load balancer had its turn already.

    Fewer successes than the minimum, or one of those that must be among them missing, is critical. So is a run without
    any success. A point whose branches were all excused asks for nothing.
    """
    branches = state["branches"]
    by_point: dict[str, list[BranchRecord]] = {name: [] for name in points.policies}
    missing: dict[str, int] = dict.fromkeys(points.policies, 0)
    excused = {branch_id for branch_id, record in branches.items() if record["excused"]}
    for item in state["queue"]:
        record = branches.get(item["branch_id"])
        for name in fan_out.counting(item):
            if record is None:
                missing[name] += 1
            elif not record["excused"]:
                by_point[name].append(record)
    findings: list[CheckFinding] = []
    for name, records in by_point.items():
        total = len(records) + missing[name]
        where = "" if len(points.policies) == 1 else f"sync point {name}: "
        if total:
            policy = points.policies[name]
            found = check_minimum(records, total, policy, excused, where)
            findings += found or check_quorum(records, total, policy, _is_decisive(state, name), where)
    if not findings and not any(record["status"] == "succeeded" for record in branches.values()):
        message = "no branch has given a result: all were excused"
        findings.append(CheckFinding(check="minimum", severity="critical", message=message, branches=[]))
    return findings


def _is_decisive(state: QuorumState, point: str) -> bool:
    """Whether the point's last decision found the answer decisive."""
    reasons = [decision["reason"] for decision in state["sync"] if decision["point"] == point]
    return bool(reasons) and reasons[-1] == "decisive"


def check_minimum(
    records: list[BranchRecord], total: int, sync: SyncPolicy, excused: Collection[str] = (), where: str = ""
) -> list[CheckFinding]:
    """Whether a sync point has the successes without which the run fails; an excused branch need not be among them."""
    succeeded = {record["branch_id"] for record in records if record["status"] == "succeeded"}
    absent = [name for name in sync.must if name not in succeeded and name not in excused]
    if len(succeeded) >= sync.minimum and not absent:
        return []
    message = (
        f"{where}{len(succeeded)} of {counted(total, 'branch', 'branches')} succeeded, at least {sync.minimum} must"
    )
    if absent:
        message = f"{where}{', '.join(absent)} must succeed and did not"
    reasons = sorted({f"{r['branch_id']}: {r['reason']}" for r in records if r["status"] != "succeeded"})
    if reasons:
        message += f" ({'; '.join(reasons[:3])}{'; ...' if len(reasons) > 3 else ''})"  # noqa: PLR2004
    failed = [record["branch_id"] for record in records if record["status"] != "succeeded"]
    return [CheckFinding(check="minimum", severity="critical", message=message, branches=failed)]


def check_quorum(
    records: list[BranchRecord], total: int, sync: SyncPolicy, decisive: bool, where: str = ""
) -> list[CheckFinding]:
    """Whether a sync point has as many good answers as its policy asks for, unless fewer were decisive."""
    good = {record["branch_id"] for record in records if is_good(sync, record)}
    needed = sync.needed(total)
    if decisive or len(good) >= needed:
        return []
    message = f"{where}{counted(len(good), 'good answer')} of {total}, the quorum is {needed}"
    missing = [record["branch_id"] for record in records if record["branch_id"] not in good]
    return [CheckFinding(check="quorum", severity="error", message=message, branches=missing)]


def check_growth(state: QuorumState) -> list[CheckFinding]:
    """Every branch that results asked for was created."""
    refused = state["growth"]["refused"]
    if not refused:
        return []
    first, why = next(iter(refused.items()))
    message = f"{counted(len(refused), 'branch', 'branches')} that results asked for could not be made ({first}: {why})"
    return [CheckFinding(check="growth", severity="error", message=message, branches=[])]


def check_coverage(state: QuorumState) -> list[CheckFinding]:
    """Every group of the work, for instance every document, has at least one result."""
    missing: dict[str, list[str]] = {}
    covered: set[str] = set()
    for item in state["queue"]:
        group, record = item.get("group", ""), state["branches"].get(item["branch_id"])
        if record is not None and record["status"] == "succeeded":
            covered.add(group)
        elif group and not (record is not None and record["excused"]):
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
