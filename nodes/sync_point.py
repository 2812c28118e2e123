"""The sync point: reads how the fan-out ended, writes each point's decision down, and says what goes out next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph.runtime import Runtime

from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.coordinator import FanOut
from langgraph_quorum.nodes.growth import Grown, Order, grown
from langgraph_quorum.nodes.journal import entry, some
from langgraph_quorum.nodes.performance import performance
from langgraph_quorum.nodes.postponing import postponed
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.nodes.trail import branches_ended
from langgraph_quorum.nodes.verdicts import conclude, explain
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.policies import GrowthPolicy
from langgraph_quorum.state.records import BranchRecord, SyncDecision, WorkItem
from langgraph_quorum.state.reducers import merge_branches
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import LoadMetrics, QuorumContext, QuorumState


def sync_point_node(fan_out: FanOut, growth: GrowthPolicy, order: Order) -> RuntimeNode:
    """The sync point of one workflow; a node for all its points."""

    async def sync_point(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        late = harvest.take(state["workflow_id"])
        branches = merge_branches(state["branches"], late) if late else state["branches"]
        points = fan_out.points.applied(runtime.context)
        records = [branches[branch_id] for branch_id in state["active"]]
        decisions = _decisions(points, state["round"], records, branches)
        result = grown(state["queue"], state["growth"], [*records, *late.values()], growth, order)
        upcoming = _next(fan_out, records, branches, result)
        queue = _waiting(result.queue, upcoming.branches, branches)
        load = _spent(state, records, late.values())
        if upcoming.branches:
            load["why"] = upcoming.why
        return {
            # Only what has changed: a checkpointer stores anew all that a node writes.
            **({"branches": late} if late else {}),
            **({"queue": queue} if queue is not state["queue"] else {}),
            "active": [],
            "growth": result.growth,
            "redo": upcoming.branches,
            "round": state["round"] + bool(upcoming.branches),
            "load": load,
            "sync": decisions,
            "performance": _performances(state["performance"], branches),
            "metrics": _metrics(branches.values(), len(result.queue)),
            "timeline": [
                *branches_ended(state, records, late.values()),
                *(
                    {**line, "key": f"{line['key']}/{decision['point']}"}
                    for decision in decisions
                    for line in [entry(state, "sync_point", "decided", explain(decision), **_shortened(decision))]
                ),
                *([entry(state, "sync_point", "continued", upcoming.why)] if upcoming.branches else []),
            ],
        }

    return sync_point


def _decisions(
    points: Points, round_number: int, records: Sequence[BranchRecord], branches: Mapping[str, BranchRecord]
) -> list[SyncDecision]:
    its = _by_point(records)
    of_run = its if len(records) == len(branches) else _by_point(branches.values())
    return [conclude(points.policies[name], round_number, its[name], of_run[name]) for name in its]


def _by_point(records: Iterable[BranchRecord]) -> dict[str, list[BranchRecord]]:
    by_point: dict[str, list[BranchRecord]] = {}
    for record in records:
        for name in record["points"]:
            by_point.setdefault(name, []).append(record)
    return by_point


@dataclass(slots=True)
class _Next:
    """What goes out before anything is merged, and why."""

    branches: list[str] = field(default_factory=list)
    why: str = ""


def _next(
    fan_out: FanOut, records: Sequence[BranchRecord], branches: Mapping[str, BranchRecord], result: Grown
) -> _Next:
    """Branches that results have asked for, that were stopped by a drain, or whose question is due."""
    reasons = []
    stopped = [record["branch_id"] for record in records if record["release"] == "drained"]
    asking = _due(fan_out, records, branches, result.queue)
    if result.new:
        reasons.append(f"results asked for {counted(len(result.new), 'more branch', 'more branches')}")
    if stopped:
        reasons.append(f"{counted(len(stopped), 'branch was', 'branches were')} stopped")
    if asking:
        reasons.append(f"{counted(len(asking), 'branch asks', 'branches ask')} a human")
    return _Next([*result.new, *stopped, *asking], "; ".join(reasons))


def _due(
    fan_out: FanOut,
    records: Sequence[BranchRecord],
    branches: Mapping[str, BranchRecord],
    queue: Sequence[WorkItem],
) -> list[str]:
    """Branches whose question is due before anything is merged; not one that waits for a question that is put off."""
    here = {record["branch_id"] for record in records if record["status"] == "awaiting_human"}
    if not here:
        return []
    left = {name: record for name, record in branches.items() if record["status"] == "awaiting_human"}
    at_points = Counter(name for record in left.values() for name in record["points"])
    policies, due = fan_out.points.policies, list[str]()
    for item in queue:
        name = item["branch_id"]
        if name not in here or all(policies[one].on_question == "park" for one in fan_out.awaiting(item)):
            continue
        if not any(one in left or at_points[one] for one in item.get("depends_on", [])):
            due.append(name)
            at_points.subtract(left.pop(name)["points"])
    return due


def _waiting(queue: list[WorkItem], sent: Sequence[str], branches: Mapping[str, BranchRecord]) -> list[WorkItem]:
    """The queue, in which what was stopped, or asks, keeps to when its service wants to be asked again."""
    told = {name for name in sent if name in branches and "not_before" in branches[name]}
    if not told:
        return queue
    return [postponed(item, branches[name]) if (name := item["branch_id"]) in told else item for item in queue]


def _spent(state: QuorumState, records: Sequence[BranchRecord], late: Iterable[BranchRecord]) -> LoadMetrics:
    """What the run has cost with this fan-out. Work that ran on from an earlier one was counted in part before."""
    load, counted_before = state["load"], state["performance"]
    here = [record for record in records if record["round"] == state["round"]]
    now = [record for record in here if not record["late"]]  # one that has ended meanwhile is told of in `late`
    # Of a branch that keeps the better result of an earlier fan-out it is only known that it was tried again.
    attempts = load["attempts"] + len(records) - len(here)
    cost = load["cost"]
    for record in (*now, *late):
        attempts += record["attempts"]
        cost += record["cost"] or 0.0
        if record["late"] or record["waited_s"] < 0:
            before = counted_before.get(record["branch_id"], {})
            attempts -= min(record["attempts"], int(before.get("attempts", 0)))
            cost -= min(record["cost"] or 0.0, before.get("cost", 0.0))
    seconds = load["seconds"] + max((record["settled_s"] for record in now), default=0.0)
    return {**load, "attempts": attempts, "seconds": seconds, "cost": cost}


def _shortened(decision: SyncDecision) -> dict[str, Any]:
    return {key: some(value) if isinstance(value, list) else value for key, value in decision.items()}


def _performances(
    before: Mapping[str, dict[str, float]], branches: Mapping[str, BranchRecord]
) -> dict[str, dict[str, float]]:
    """By branch. One that was not tried again, since its work was under way or nobody waited, keeps its figures."""
    return {
        name: performance(record) if record["attempts"] or name not in before else before[name]
        for name, record in branches.items()
    }


def _metrics(records: Iterable[BranchRecord], total: int) -> dict[str, float]:
    counts = dict.fromkeys(("succeeded", "failed", "timed_out", "cut", "skipped", "awaiting_human"), 0)
    elapsed = busy = 0.0
    for record in records:
        counts[record["status"]] += 1
        elapsed = max(elapsed, record["settled_s"])
        busy += record["seconds"]
    return {
        **{status: float(count) for status, count in counts.items()},
        "total": float(total),
        "progress": counts["succeeded"] / total,
        "busy_s": busy,
        "throughput_per_s": counts["succeeded"] / elapsed if elapsed > 0 else 0.0,
    }
