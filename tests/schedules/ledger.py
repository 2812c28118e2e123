"""What a judge knows of a run while it reads the journal: who works, who has ended, what has been kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from langgraph_quorum.state.branch import BranchCall
from langgraph_quorum.state.records import BranchRecord
from tests.schedules.journal import Call, SittingFacts
from tests.schedules.releases import Point
from tests.schedules.scenario import LONGEST_SCORING_S, Scenario
from tests.schedules.wall import seconds_of

Ending = Literal["succeeded", "failed", "excused"]


@dataclass
class Work:
    """The calls for one branch that one sitting has begun; they may go on after it."""

    sitting: int
    starts: list[Call] = field(default_factory=list)
    answers: dict[int, Call] = field(default_factory=dict)
    live: set[int] = field(default_factory=set)
    answered_at: float = math.inf
    asked: bool = False
    promised: bool = False


@dataclass
class Place:
    """One branch's place in a fan-out."""

    call: BranchCall
    not_before: float
    claims: Mapping[str, float]
    awaits: bool
    settled: BranchRecord | None = None

    @property
    def plain(self) -> bool:
        """Whether it asks for nothing but a turn."""
        return self.awaits and not self.claims


class SittingBook:
    """One sitting as it is observed."""

    def __init__(self, scenario: Scenario, number: int, facts: SittingFacts) -> None:
        self.scenario, self.number, self.facts = scenario, number, facts
        self.wave = facts.bundles[0]["wave"]
        self.opened_at: float | None = None
        self.drain_at: float | None = None
        self.cancel_at: float | None = None
        self.places: dict[str, Place] = {}
        self.points: dict[str, Point] = {}
        self.ended: dict[str, Ending] = {}
        self.works: dict[str, Work] = {}
        self.committed: set[str] = set(facts.kept)
        self.overdue: set[str] = set()
        self.overtaken: dict[str, str] = {}
        self.follows = False
        self.slack_s = 0.0  # how long the loop may have been blocked
        self.come: set[str] = set()
        self.under_way: set[str] = set()
        self.limit = self.peak = self.wave["at_once"]

    def open(self, at: float) -> None:
        """The gate is made: the clock of this fan-out starts."""
        self.opened_at = at
        patient = self.facts.asked and bool(self.facts.kept)
        self.points = {
            share["point"]: Point(self.scenario.points.policies[share["point"]], share, at, patient)
            for share in self.wave["shares"]
        }
        for bundle in self.facts.bundles:
            for call in bundle["calls"]:
                self.places[call["item"]["branch_id"]] = self._place(call, at)
        for branch_id, record in self.facts.kept.items():
            self.places[branch_id].settled = record
            self._hear(record, at)

    def _place(self, call: BranchCall, at: float) -> Place:
        item = call["item"]
        given = item.get("not_before", 0.0)
        return Place(
            call,
            at + given if isinstance(given, float) else seconds_of(given),
            {**dict.fromkeys(item.get("exclusive", ()), 1.0), **item.get("resources", {})},
            not (self.scenario.specialist(item["specialist"])["cpu"] or item["specialist"] in self.scenario.rates),
        )

    def cores_of(self, call: Call) -> float:
        """The cores that a call takes while it goes on; next to nothing counts as nothing."""
        wanted: float = self.scenario.specialist(call.specialist)["cpu"] or 0.0
        return wanted if wanted >= 0.05 else 0.0

    def scoring_s(self, branches: Iterable[str]) -> float:
        """How long a run that is asked to stop may wait for the scores of answers that these branches have given."""
        if all(point.reason != "drained" for point in self.points.values()):
            return 0.0
        given = [name in self.under_way or (name in self.works and self.works[name].answers) for name in branches]
        return LONGEST_SCORING_S if any(given) else 0.0

    def settle(self, record: BranchRecord, at: float) -> None:
        place = self.places[record["branch_id"]]
        place.settled = record
        self._hear(record, at)

    def _hear(self, record: BranchRecord, at: float) -> None:
        status: Ending = "succeeded" if record["status"] == "succeeded" else "failed"
        self.ended[record["branch_id"]] = "excused" if record["excused"] else status
        for name in record["points"]:
            self.points[name].arrive(record, at)

    def release(self, name: str, reason: str, at: float) -> None:
        point = self.points[name]
        point.release(reason, at)
        self.ended[name] = "excused" if not point.total else "succeeded" if point.viable else "failed"

    def released_at(self, place: Place) -> float | None:
        """When the last of a branch's points released, None while one is open."""
        times = [self.points[name].released_at for name in place.call["points"]]
        return None if None in times else max(at for at in times if at is not None)

    def last_points(self, place: Place) -> list[Point]:
        """The points of a branch that released last: several when they did so at the same moment."""
        points = [self.points[name] for name in place.call["points"]]
        last = self.released_at(place)
        return [point for point in points if point.released_at == last]

    def prerequisites(self, place: Place) -> Literal["open", "met", "missing", "excused"]:
        """How it stands with what a branch waits for."""
        call = place.call
        if "missing" in call or "excused" in call:
            return "missing" if "missing" in call else "excused"
        inputs, waits_for = call.get("inputs", {}), call.get("waits_for", [])
        fed, still = bool(inputs), False
        for name in waits_for:
            ending = self.ended.get(name)
            if "joins" in call["item"] and not self.ended.keys() >= set(waits_for):
                return "open"
            if ending == "failed" and (name not in inputs or name in self.points):
                return "missing"
            fed = fed or ending == "succeeded"
            still = still or ending is None
        if still:
            return "open"
        return "met" if fed or not waits_for else "excused"

    def holds_turn(self, branch_id: str) -> bool:
        """Whether a branch is seen to be running: begun, and not over or still at it."""
        work = self.works.get(branch_id)
        return work is not None and bool(work.starts) and (self.places[branch_id].settled is None or bool(work.live))
