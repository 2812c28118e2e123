"""The coordinator: decides which branches go out in this round, and makes a `Send` of each, or of many cheap ones."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Send

from langgraph_quorum.nodes.artifacts.shelf import shelf_of
from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.nodes.journal import entry, some, task_of
from langgraph_quorum.nodes.planning.bundling import BundleSize, bundled
from langgraph_quorum.nodes.planning.order import first_specialist
from langgraph_quorum.nodes.planning.prerequisites import Standing
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.state.branch import BranchCall, Bundle, Guidance, Share, Wave
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.workflow import QuorumContext, QuorumState

_ASKS = frozenset({"depends_on", "part_of"})
"""What a call has to be made of with care."""
MANY = 5000
"""Branches that take some ten milliseconds to send out, which is long for other runs to wait."""


@dataclass(frozen=True, slots=True)
class FanOut:
    """What a workflow's fan-outs are made from.

    Attributes:
        seats: The specialists, by name.
        points: The sync points.
        bundle: How many branches may share a `Send`.
    """

    seats: Mapping[str, Seat]
    points: Points
    bundle: BundleSize = None
    only: list[str] = field(init=False)
    """The only sync point; empty where there are several."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "only", [self.points.rest] if len(self.points.policies) == 1 else [])

    def counting(self, item: WorkItem) -> list[str]:
        """The sync points that count a branch; a piece is part of the branch that they count."""
        return [] if "part_of" in item else self.only or self.awaiting(item)

    def awaiting(self, item: WorkItem) -> list[str]:
        """The sync points that a branch, or a piece of one, works for: once all have released it is cut."""
        return self.only or self.points.counting(item, self.seats[first_specialist(item)].specialist.type)


def coordinator_node(fan_out: FanOut) -> RuntimeNode:
    """The coordinator of one workflow."""

    async def coordinator(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        queue, round_number = state["queue"], state["round"]
        written: dict[str, Any] = {}
        if round_number and (shelf := shelf_of(runtime.context)) is not None:
            queue = await shelf.work_away(queue, {name: seat.specialist for name, seat in fan_out.seats.items()})
            written = {} if queue is state["queue"] else {"queue": queue}  # pieces of a payload that stood whole in it
        _check_counts(fan_out, fan_out.points.applied(runtime.context), queue)
        again = set(state["redo"])
        sent = [item for item in queue if not round_number or item["branch_id"] in again]
        active = [item["branch_id"] for item in sent]
        why = state["load"]["why"] if round_number else "first fan-out"
        high = [item["branch_id"] for item in sent if item.get("priority") == "high"]
        data = {"total": len(active), "branches": some(active), "high_priority": some(high)}
        return {**written, "active": active, "timeline": [entry(state, "coordinator", "fan_out", why, **data)]}

    return coordinator


def _check_counts(fan_out: FanOut, points: Points, queue: list[WorkItem]) -> None:
    """Refuse a sync point that asks for more successes than it has branches. One without any asks for nothing."""
    if all(max(policy.minimum, policy.successes or 0) <= 1 for policy in points.policies.values()):
        return
    totals = dict.fromkeys(points.policies, 0)
    for item in queue:
        for name in fan_out.counting(item):
            totals[name] += 1
    for name, policy in points.policies.items():
        where = f" of sync point {name!r}" if len(points.policies) > 1 else ""
        for field_name, asked in (("minimum", policy.minimum), ("successes", policy.successes or 0)):
            if 0 < totals[name] < asked:
                there = f"there are only {totals[name]} branches"
                raise PlanError(f"{field_name}={asked}{where}, but {there}: lower it or add work")


def dispatch(fan_out: FanOut) -> Callable[[QuorumState], list[Send]]:
    """The edge from the coordinator: the active branches, each to its specialist's node, in order."""

    def to_specialists(state: QuorumState) -> list[Send]:
        active, task = set(state["active"]), task_of(state)
        sent = _Sent(state, fan_out, active)
        calls = sent.calls()
        if guidance := state.get("guidance"):
            for call in calls:
                if findings := guidance.get(branch_id := call["item"]["branch_id"]):
                    call["guidance"] = Guidance(findings=findings, previous=state["branches"][branch_id]["result"])
        wave, seats = sent.wave(), fan_out.seats
        # What asks a human travels alone: LangGraph tells questions of one task apart by their order only.
        size = None if wave["asking"] else fan_out.bundle
        alone = {name for name, seat in seats.items() if seat.specialist.travels_alone}
        bundles = bundled(calls, size, lambda name: seats[name].seconds, alone)
        wave["bundled"] = len(bundles) < len(calls)
        return [Send(name, Bundle(calls=together, task=task, wave=wave)) for name, together in bundles]

    return to_specialists


def dispatching(fan_out: FanOut) -> Callable[[QuorumState], Awaitable[list[Send]]]:
    """The same for LangGraph, which runs a sync edge in a thread: only many branches are worth the way there."""
    send = dispatch(fan_out)

    async def to_specialists(state: QuorumState) -> list[Send]:
        return send(state) if len(state["active"]) <= MANY else await asyncio.to_thread(send, state)

    return to_specialists


@dataclass(slots=True)
class _Sent:
    """One fan-out in the making."""

    state: QuorumState
    fan_out: FanOut
    active: set[str]
    totals: Counter[str] = field(default_factory=Counter)
    _standing: Standing = field(init=False)
    _counted: dict[str, list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        policies = self.fan_out.points.policies
        ids = {queued["branch_id"] for queued in self.state["queue"]}
        self._standing = Standing(self.state.get("branches", {}), self.active, policies, self._counted_by, ids)

    def calls(self) -> list[BranchCall]:
        """All of them, in order, with how many of them each point counts."""
        only, active = self.fan_out.only, self.active
        items = [item for item in self.state["queue"] if item["branch_id"] in active]
        calls: list[BranchCall] = [
            {"item": item, "order": order, "points": only}
            if only and item.keys().isdisjoint(_ASKS)
            else self._call(item, order)
            for order, item in enumerate(items)
        ]
        points = [call["points"] for call in calls if "part_of" not in call["item"]]
        self.totals = Counter(chain.from_iterable(points))
        return calls

    def _call(self, item: WorkItem, order: int) -> BranchCall:
        points = self.fan_out.awaiting(item)
        if "part_of" in item and item["part_of"] not in self.active:
            item = {**item}
            del item["part_of"]  # its branch is not there to be counted in its place
        if not item.get("depends_on"):
            return {"item": item, "order": order, "points": points}
        fed = self._standing.fed(item)
        call = BranchCall(item=item, order=order, points=points)
        if fed.inputs:
            call["inputs"] = fed.inputs
        if fed.waits_for:
            call["waits_for"] = fed.waits_for
        if fed.missing:
            call["missing"] = fed.missing
            if self._standing.awaits_human(fed.missing):
                call["parked"] = True
        if fed.excused:
            call["excused"] = True
        return call

    def _counted_by(self, point: str) -> list[str]:
        """The branches of the run that a sync point counts."""
        if point not in self._counted:
            queue = self.state["queue"]
            self._counted[point] = [item["branch_id"] for item in queue if point in self.fan_out.counting(item)]
        return self._counted[point]

    def wave(self) -> Wave:
        state, mode = self.state, self.state["mode"]
        branches = state.get("branches", {})
        done = {
            branch_id
            for branch_id, record in branches.items()
            if branch_id not in self.active and record["status"] == "succeeded"
        }
        earlier = dict.fromkeys(self.totals, 0)
        for item in state["queue"] if done else ():
            if item["branch_id"] in done:
                for name in self.fan_out.counting(item):
                    if name in earlier:
                        earlier[name] += 1
        met = done.union(branch_id for branch_id, record in branches.items() if record["excused"])
        policies = self.fan_out.points.policies
        return Wave(
            run=state["workflow_id"],
            round=state["round"],
            total=len(self.active),
            shares=[
                Share(
                    point=name,
                    total=total,
                    earlier=earlier[name],
                    must=[branch_id for branch_id in policies[name].must if branch_id not in met],
                )
                for name, total in self.totals.items()
            ],
            asking=any(branches[name]["status"] == "awaiting_human" for name in self.active & branches.keys()),
            bundled=False,
            mode=mode["mode"],
            at_once=mode["at_once"],
            ceiling=mode["ceiling"],
            cpu_at_once=mode["cpu_at_once"],
        )
