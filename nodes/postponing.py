"""When a service wants to be asked again: what is sent out again keeps to that, or goes to somebody else."""

from __future__ import annotations

from datetime import UTC, datetime

from langgraph_quorum.nodes.coordinator import FanOut
from langgraph_quorum.state.records import BranchRecord, WorkItem


def is_out_of_reach(item: WorkItem, record: BranchRecord, fan_out: FanOut) -> bool:
    """Whether the next fan-out would be over before the service wants to be asked."""
    if "not_before" not in record:
        return False
    policies = fan_out.points.policies
    return _seconds_until(record["not_before"]) > max(policies[point].deadline_s for point in fan_out.awaiting(item))


def postponed(item: WorkItem, record: BranchRecord | None) -> WorkItem:
    """The work, to begin no sooner than the service wants. A later moment that it was to wait for anyway stays."""
    if record is None or "not_before" not in record:
        return item
    seconds = _seconds_until(record["not_before"])
    own = item.get("not_before", 0.0)
    if seconds <= (_seconds_until(own) if isinstance(own, str) else own):
        return item
    return {**item, "not_before": record["not_before"]}


def _seconds_until(moment: str) -> float:
    """Below 0 where it has gone by."""
    return (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds()
