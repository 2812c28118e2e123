"""How work is sent out again: to somebody else, in smaller pieces, or with more time."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.branching.effort import Persistence
from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.nodes.coordinator import FanOut
from langgraph_quorum.nodes.postponing import is_out_of_reach, postponed
from langgraph_quorum.state.policies import RecoveryPolicy
from langgraph_quorum.state.records import BranchRecord, WorkItem
from langgraph_quorum.state.workflow import QuorumState

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Redistribution:
    """What goes out again, and how.

    Attributes:
        queue: All branches of the run, as they now stand.
        sent: Ids of the branches that go out.
        moved: By branch, the specialist that it now goes to.
        split: Branches that are now done in pieces; their own is to join them.
        longer: By branch, the seconds that an attempt now has.
        later: By branch, when its service wants to be asked again.
        spare: Attempts that pieces may take, beyond one for each of the chosen branches.
    """

    queue: list[WorkItem] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    split: list[str] = field(default_factory=list)
    longer: dict[str, float] = field(default_factory=dict)
    later: dict[str, str] = field(default_factory=dict)
    spare: float = math.inf


def redistributed(
    state: QuorumState,
    chosen: Sequence[str],
    fan_out: FanOut,
    policy: RecoveryPolicy,
    room: int | None = None,
) -> Redistribution:
    """Send the chosen branches out again, each in the first way that fits how it ended.

    One whose work is still under way goes on with it, the first time; the next time that work is given up where there
    is another way. One that ran out of time is split, where its specialist can split its work; else it goes to somebody
    else; else it gets more time, when it was its own time that ran out. One that failed for good goes to somebody else,
    and so does one whose service wants to be left alone for longer than the fan-out may take. Any other is just tried
    again, not before its service wants it.

    Args:
        state: The run.
        chosen: Ids of what goes out.
        fan_out: Of the workflow.
        policy: How much longer is longer.
        room: Attempts at most, of all of them together and of their pieces; None for any number.
    """
    plan, seats = Redistribution(spare=math.inf if room is None else room - len(chosen)), fan_out.seats
    again = set(chosen)
    for item in state["queue"]:
        if item["branch_id"] not in again:
            plan.queue.append(item)
        elif _goes_on(state, item, seats):
            # Begun anew all the same, where a drain or a crash ends that work, it keeps to what its service wants.
            plan.queue.append(postponed(item, state["branches"].get(item["branch_id"])))
            plan.sent.append(item["branch_id"])
        else:
            harvest.give_up(state["workflow_id"], item["branch_id"])
            _send(state, item, fan_out, policy, plan)
    if room is not None:
        sent, each = set(plan.sent), max(1, room // len(plan.sent))
        plan.queue = [_within(item, each, seats) if item["branch_id"] in sent else item for item in plan.queue]
    return plan


def _goes_on(state: QuorumState, item: WorkItem, seats: Mapping[str, Seat]) -> bool:
    """Whether work of an earlier fan-out is to be taken over instead of begun anew."""
    run, branch_id = state["workflow_id"], item["branch_id"]
    if not harvest.holds(run, branch_id):
        return False
    record = state["branches"].get(branch_id)
    if record is None or not state["load"]["history"].get(branch_id) or harvest.has_ended(run, branch_id):
        return True
    return record["status"] != "timed_out" or not (smaller(state, item, seats) or stands_in(item, record, seats))


def _send(state: QuorumState, item: WorkItem, fan_out: FanOut, policy: RecoveryPolicy, plan: Redistribution) -> None:
    branch_id, record = item["branch_id"], state["branches"].get(item["branch_id"])
    far = record is not None and is_out_of_reach(item, record, fan_out)
    payloads = [] if far else smaller(state, item, fan_out.seats)
    if payloads and len(payloads) <= plan.spare:
        plan.spare -= len(payloads)
        waits = _postponed(item, record, plan)
        plan.split.append(branch_id)
        pieces = [
            WorkItem(**{**waits, "branch_id": f"{branch_id}/piece-{number}", "payload": payload, "part_of": branch_id})
            for number, payload in enumerate(payloads, 1)
        ]
        for piece in pieces:
            piece.pop("measures", None)  # of the whole
        names = [piece["branch_id"] for piece in pieces]
        plan.queue += [*pieces, {**item, "joins": True, "depends_on": [*item.get("depends_on", []), *names]}]
        plan.sent += names
    else:
        plan.queue.append(_again(state, item, fan_out, policy, plan))
    plan.sent.append(branch_id)


def _within(item: WorkItem, attempts: int, seats: Mapping[str, Seat]) -> WorkItem:
    """The item with no more attempts than these."""
    if Persistence.of(seats[item["specialist"]].specialist, item).attempts <= attempts:
        return item
    return {**item, "attempts": attempts}


def smaller(state: QuorumState, item: WorkItem, seats: Mapping[str, Seat]) -> list[dict[str, Any]]:
    """Payloads of the smaller pieces of a branch that ran out of time; [] where it is not to be split."""
    specialist, record = seats[item["specialist"]].specialist, state["branches"].get(item["branch_id"])
    if specialist.split is None or record is None or record["status"] != "timed_out":
        return []
    if item.get("joins") or "part_of" in item:
        return []
    try:
        payloads = [jsonable(payload, f"piece-{number}") for number, payload in enumerate(specialist.split(_own(item)))]
        if not all(isinstance(payload, dict) for payload in payloads):
            raise TypeError("split gave a payload that is no dict")  # noqa: TRY301
    except Exception:  # noqa: BLE001  it is logged, and what one function cannot do must not end the run
        _log.exception("split of specialist %r failed for branch %r: not split", specialist.name, item["branch_id"])
        return []
    taken = {queued["branch_id"] for queued in state["queue"]}
    clash = any(f"{item['branch_id']}/piece-{number}" in taken for number in range(1, len(payloads) + 1))
    return [] if clash or len(payloads) < 2 else payloads  # noqa: PLR2004  one piece is the whole


def _own(item: WorkItem) -> dict[str, Any]:
    """A copy of the payload: what is handed out may be changed."""
    return copy.deepcopy(item.get("payload", {}))


def _again(
    state: QuorumState, item: WorkItem, fan_out: FanOut, policy: RecoveryPolicy, plan: Redistribution
) -> WorkItem:
    branch_id, record, seats = item["branch_id"], state["branches"].get(item["branch_id"]), fan_out.seats
    if record is None or item.get("joins"):
        return item
    late = record["status"] == "timed_out"
    passes = record["error"] is None or record["error"]["transient"]
    if not late and passes and not is_out_of_reach(item, record, fan_out):
        return _postponed(item, record, plan)
    other = stands_in(item, record, seats)
    if other is not None:
        plan.moved[branch_id] = other
        moved = WorkItem(**{**item, "specialist": other, "tried": [*item.get("tried", []), item["specialist"]]})
        if moved.get("fallback") == other:
            del moved["fallback"]
        return moved
    item = _postponed(item, record, plan)
    timeout_s = Persistence.of(seats[item["specialist"]].specialist, item).timeout_s * policy.longer
    if not late or record["error"] is None or not math.isfinite(timeout_s):
        return item
    plan.longer[branch_id] = timeout_s
    return {**item, "timeout_s": timeout_s}


def _postponed(item: WorkItem, record: BranchRecord | None, plan: Redistribution) -> WorkItem:
    waits = postponed(item, record)
    if record is not None and waits is not item:
        plan.later[item["branch_id"]] = record["not_before"]
    return waits


def stands_in(item: WorkItem, record: BranchRecord, seats: Mapping[str, Seat]) -> str | None:
    """Who can take a branch over: the fallback; else, for work that asked for a type, another specialist of that type.

    Nobody gets a branch twice.
    """
    tried = {*_asked(item, record, seats), *item.get("tried", [])}
    fallback = Persistence.of(seats[item["specialist"]].specialist, item).fallback
    if fallback is not None and fallback not in tried:
        return fallback
    if "type" not in item:
        return None
    source_type = item.get("source_type")
    others = (seat.specialist for name, seat in seats.items() if name not in tried)
    return next((one.name for one in others if one.serves(item["type"], source_type)), None)


def _asked(item: WorkItem, record: BranchRecord, seats: Mapping[str, Seat]) -> list[str]:
    """Who had a branch in its last round: its specialist, and one fallback after the other up to whom it ended with."""
    asked, last = [item["specialist"]], record["specialist"]
    following = Persistence.of(seats[item["specialist"]].specialist, item).fallback
    while asked[-1] != last and following is not None and following not in asked:
        asked.append(following)
        following = seats[following].specialist.fallback
    return asked if asked[-1] == last else [item["specialist"], last]
