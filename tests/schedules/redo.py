"""What goes out next: a plain stand-in for the sync point's and the load balancer's choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from langgraph_quorum.state.records import BranchRecord, WorkItem
from tests.schedules.scenario import Scenario

Records = Mapping[str, BranchRecord]
Wanted = Callable[[BranchRecord], bool]


def next_fan_out(scenario: Scenario, records: Records, spent: int) -> tuple[list[str], bool]:
    """The branches that go out now, in order, and whether that is a round of redistribution.

    Args:
        scenario: The run.
        records: As they stand.
        spent: Rounds of redistribution so far.
    """
    if not records:
        return [item["branch_id"] for item in scenario.queue], False
    owed = _fed(
        scenario, records, lambda record: record["release"] == "drained" or record["status"] == "awaiting_human"
    )
    if owed:
        return owed, False
    if spent >= scenario.rounds:
        return [], False
    return _fed(scenario, records, lambda record: _is_wanted(scenario, record)), True


def _is_wanted(scenario: Scenario, record: BranchRecord) -> bool:
    if record["status"] == "succeeded":
        quality = record["quality"]
        weak = quality is not None and quality["score"] is not None and quality["score"] < 0.5
        return weak and scenario.weak_again
    return not record["excused"] and (record["error"] is None or record["error"]["transient"])


def _fed(scenario: Scenario, records: Records, wanted: Wanted) -> list[str]:
    """The wanted branches that can start, and those that were skipped and wait for one of them."""
    chosen: list[str] = []
    for item in scenario.queue:
        branch_id = item["branch_id"]
        record = records[branch_id]
        follows = record["status"] == "skipped" and not record["excused"] and _waits_for_any(scenario, item, chosen)
        if (wanted(record) or follows) and _can_start(scenario, item, records, chosen):
            chosen.append(branch_id)
    return chosen


def _waits_for_any(scenario: Scenario, item: WorkItem, chosen: list[str]) -> bool:
    mine = set(item.get("depends_on", []))
    return any(name in mine or mine.intersection(scenario.points_of[name]) for name in chosen)


def _can_start(scenario: Scenario, item: WorkItem, records: Records, chosen: list[str]) -> bool:
    return all(
        _point_can(scenario, name, records, chosen)
        if name in scenario.points.policies
        else name in chosen or records[name]["status"] == "succeeded" or records[name]["excused"]
        for name in item.get("depends_on", [])
    )


def _point_can(scenario: Scenario, point: str, records: Records, chosen: list[str]) -> bool:
    policy = scenario.points.policies[point]
    counted = [name for name, points in scenario.points_of.items() if point in points]
    if all(records[name]["excused"] for name in counted):
        return True
    possible = {name for name in counted if name in chosen or records[name]["status"] == "succeeded"}
    return len(possible) >= policy.minimum and possible.issuperset(policy.must)
