"""How work is sent out again: to somebody else, in smaller pieces, or with more time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.branching.effort import Persistence
from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.state.policies import RecoveryPolicy
from langgraph_quorum.state.records import BranchRecord, WorkItem
from langgraph_quorum.state.workflow import QuorumState


@dataclass(slots=True)
class Redistribution:
    """What goes out again, and how.

    Attributes:
        queue: All branches of the run, as they now stand.
        sent: Ids of the branches that go out.
        moved: By branch, the specialist that it now goes to.
        split: Branches that are now done in pieces; their own is to join them.
        longer: By branch, the seconds that an attempt now has.
    """

    queue: list[WorkItem] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    split: list[str] = field(default_factory=list)
    longer: dict[str, float] = field(default_factory=dict)


def redistributed(
    state: QuorumState, chosen: Sequence[str], seats: Mapping[str, Seat], policy: RecoveryPolicy
) -> Redistribution:
    """Send the chosen branches out again, each in the first way that fits how it ended.

    One that ran out of time is split, where its specialist can split its work; else it goes to somebody else; else it
    gets more time, when it was its own time that ran out. One that failed for good goes to somebody else. Any other is
    just tried again.
    """
    plan = Redistribution()
    again = set(chosen)
    for item in state["queue"]:
        if item["branch_id"] not in again:
            plan.queue.append(item)
            continue
        pieces = _pieces(state, item, seats)
        if pieces:
            plan.split.append(item["branch_id"])
            plan.queue += pieces
            plan.sent += [piece["branch_id"] for piece in pieces]
            names = [piece["branch_id"] for piece in pieces]
            plan.queue.append({**item, "joins": True, "depends_on": [*item.get("depends_on", []), *names]})
        else:
            plan.queue.append(_again(state, item, seats, policy, plan))
        plan.sent.append(item["branch_id"])
    return plan


def _pieces(state: QuorumState, item: WorkItem, seats: Mapping[str, Seat]) -> list[WorkItem]:
    split, record = seats[item["specialist"]].specialist.split, state["branches"].get(item["branch_id"])
    if split is None or record is None or record["status"] != "timed_out" or item.get("joins") or "part_of" in item:
        return []
    if harvest.holds(state["workflow_id"], item["branch_id"]):
        return []
    payloads = list(split(item.get("payload", {})))
    if len(payloads) < 2:  # noqa: PLR2004  one piece is the whole
        return []
    return [
        {**item, "branch_id": f"{item['branch_id']}/piece-{number}", "payload": payload, "part_of": item["branch_id"]}
        for number, payload in enumerate(payloads, 1)
    ]


def _again(
    state: QuorumState, item: WorkItem, seats: Mapping[str, Seat], policy: RecoveryPolicy, plan: Redistribution
) -> WorkItem:
    branch_id, record = item["branch_id"], state["branches"].get(item["branch_id"])
    if record is None or item.get("joins") or harvest.holds(state["workflow_id"], branch_id):
        return item
    late = record["status"] == "timed_out"
    if not late and (record["error"] is None or record["error"]["transient"]):
        return item
    other = stands_in(item, record, seats)
    if other is not None:
        plan.moved[branch_id] = other
        return {**item, "specialist": other, "tried": [*item.get("tried", []), item["specialist"]]}
    timeout_s = Persistence.of(seats[item["specialist"]].specialist, item).timeout_s * policy.longer
    if not late or record["error"] is None or not math.isfinite(timeout_s):
        return item
    plan.longer[branch_id] = timeout_s
    return {**item, "timeout_s": timeout_s}


def stands_in(item: WorkItem, record: BranchRecord, seats: Mapping[str, Seat]) -> str | None:
    """Who can take a branch over: the fallback; else, for work that asked for a type, another specialist of that type.

    Nobody gets a branch twice.
    """
    tried = {item["specialist"], record["specialist"], *item.get("tried", [])}
    fallback = Persistence.of(seats[item["specialist"]].specialist, item).fallback
    if fallback is not None and fallback not in tried:
        return fallback
    if "type" not in item:
        return None
    source_type = item.get("source_type")
    others = (seat.specialist for name, seat in seats.items() if name not in tried)
    return next((one.name for one in others if one.serves(item["type"], source_type)), None)
