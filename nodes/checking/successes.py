"""Whether each sync point has the successes it must have, and its quorum, over the whole run."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from langgraph_quorum.nodes.checking.check import Check, Checked, finding
from langgraph_quorum.state.decision import count_good, is_good
from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.words import counted

NAMED = 3
"""Reasons that a message gives at most."""


def successes() -> Check:
    """Each sync point has its minimum and its quorum, over the whole run. The load balancer had its turn already.

    Fewer successes than the minimum, or one of those that must be among them missing, is critical. So is a run without
    any success, and one whose results no strategy could merge. A point whose branches were all excused asks for
    nothing.
    """
    return Check(check_successes, "minimum", timeout_s=math.inf)


def check_successes(checked: Checked) -> list[CheckFinding]:
    """The findings of `successes`: `minimum` or `quorum`, for each point."""
    branches = checked.branches
    by_point: dict[str, list[BranchRecord]] = {name: [] for name in checked.points.policies}
    missing: dict[str, int] = dict.fromkeys(checked.points.policies, 0)
    excused = {branch_id for branch_id, record in branches.items() if record["excused"]}
    for item in checked.queue:
        record = branches.get(item["branch_id"])
        for name in checked.counting(item):
            if record is None:
                missing[name] += 1
            elif not record["excused"]:
                by_point[name].append(record)
    findings: list[CheckFinding] = []
    for name, records in by_point.items():
        total = len(records) + missing[name]
        where = "" if len(by_point) == 1 else f"sync point {name}: "
        if total:
            policy = checked.points.policies[name]
            found = _below_minimum(records, total, policy, excused, where)
            findings += found or _below_quorum(records, total, policy, _is_decisive(checked, name), where)
    if not findings and not any(record["status"] == "succeeded" for record in branches.values()):
        findings.append(finding("minimum", "no branch has given a result: all were excused", "critical"))
    merged = checked.merged
    if not findings and merged is not None and merged["status"] == "no data" and "fallback" in merged["metadata"]:
        findings.append(finding("minimum", merged["metadata"]["fallback"]["why"], "critical"))
    return findings


def _is_decisive(checked: Checked, point: str) -> bool:
    """Whether the point's last decision found the answer decisive."""
    reasons = [decision["reason"] for decision in checked.decisions if decision["point"] == point]
    return bool(reasons) and reasons[-1] == "decisive"


def _below_minimum(
    records: Collection[BranchRecord], total: int, sync: SyncPolicy, excused: Collection[str], where: str
) -> list[CheckFinding]:
    """An excused branch need not be among those that must succeed."""
    succeeded = [record["branch_id"] for record in records if record["status"] == "succeeded"]
    missing = set(sync.must).difference(succeeded, excused)
    absent = [name for name in sync.must if name in missing]
    if len(succeeded) >= sync.minimum and not absent:
        return []
    message = (
        f"{where}{len(succeeded)} of {counted(total, 'branch', 'branches')} succeeded, at least {sync.minimum} must"
    )
    if absent:
        message = f"{where}{', '.join(absent)} must succeed and did not"
    failed = [record for record in records if record["status"] != "succeeded"]
    return [finding("minimum", message + _reasons(failed), "critical", [record["branch_id"] for record in failed])]


def _reasons(failed: Iterable[BranchRecord]) -> str:
    reasons = sorted({f"{record['branch_id']}: {record['reason']}" for record in failed})
    return f" ({'; '.join(reasons[:NAMED])}{'; ...' if len(reasons) > NAMED else ''})" if reasons else ""


def _below_quorum(
    records: Collection[BranchRecord], total: int, sync: SyncPolicy, decisive: bool, where: str
) -> list[CheckFinding]:
    """As many good answers as the policy asks for, unless fewer were decisive."""
    good, needed = count_good(sync, records), sync.needed(total)
    if decisive or good >= needed:
        return []
    message = f"{where}{counted(good, 'good answer')} of {total}, the quorum is {needed}"
    missing = [record["branch_id"] for record in records if not is_good(sync, record)]
    return [finding("quorum", message, branches=missing)]
