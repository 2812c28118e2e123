"""What one seed stands for: the work, the rules, how the specialists behave, and what befalls the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal
from zlib import crc32

from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.nodes.coordinator import FanOut
from langgraph_quorum.nodes.planning.order import membership, ordered
from langgraph_quorum.nodes.specialists.specialist import Resources, Specialist
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.policies import GrowthPolicy, RecoveryPolicy
from langgraph_quorum.state.records import Mode, WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy

Kind = Literal[
    "answer",  # after a while
    "instant",  # without any await
    "busy",  # without any await, while time passes
    "transient",  # raises an error that may pass
    "permanent",  # raises an error that stays
    "unkeepable",  # answers with something that cannot be kept
    "hang",  # until it is cancelled
    "stubborn",  # refuses to be cancelled for a while
    "swallow",  # swallows the cancellation and answers
    "bitter",  # raises when it is cancelled
    "quits",  # cancels its own task
    "exits",  # tries to end the process
    "asks",  # asks a human
]
Blow = Literal["crash", "cancel", "drain"]
LONGEST_SCORING_S = 1.0


@dataclass(frozen=True, slots=True)
class Act:
    """What one call of a specialist does.

    Attributes:
        kind: How it behaves.
        seconds: How long it takes.
        breaths: How often it lets others run before that.
        refuses_s: How long it goes on after it was cancelled.
        cost: What it says it cost; None for a bare value.
        score: What the scorer makes of its answer; None for nothing, -1 for a scorer that raises.
        scoring_s: How long that takes.
        rest_s: With an error: for how long its service wants to be left alone; 0 where it does not say.
        dated: Whether it gives a date for that, in whole seconds.
        grows: Further branches that its answer asks for.
    """

    kind: Kind
    seconds: float = 0.0
    breaths: int = 0
    refuses_s: float = 0.0
    cost: float | None = None
    score: float | None = None
    scoring_s: float = 0.0
    rest_s: float = 0.0
    dated: bool = False
    grows: tuple[WorkItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Disturbance:
    """Something that befalls the run: at step `at` of the loop that it finds running, counted from its start."""

    blow: Blow
    at: int


class Says:
    """Of results or inputs: yes, no, or an error."""

    def __init__(self, what: Literal["yes", "no", "raise", "count", "has"], number: int = 0, name: str = "") -> None:
        self.what, self.number, self.name = what, number, name

    def __call__(self, given: Mapping[str, Any]) -> bool:
        if self.what == "raise":
            raise LookupError("a broken rule")
        if self.what == "count":
            return len(given) >= self.number
        return self.name in given if self.what == "has" else self.what == "yes"

    def __repr__(self) -> str:
        return f"{self.what}{self.number or ''}{self.name}"


CONDITIONS = {"yes": Says("yes"), "no": Says("no"), "some": Says("count", 1), "broken": Says("raise")}


@dataclass(frozen=True)
class Scenario:
    """One run in the making. Times are virtual seconds.

    Of what is not told by its type: `spare` are the acts of branches that come to be on the way; `strict` says that
    whatever is missing is found wanting in the merged result, which takes `merging_s`, and `weak_again` that weak
    answers are.
    """

    seed: int
    work: Sequence[WorkItem]
    specialists: Sequence[dict[str, Any]]
    policies: Sequence[SyncPolicy]
    acts: Mapping[str, Sequence[Act]]
    mode: Mode
    at_once: int
    ceiling: int
    cpu_at_once: float
    resources: Mapping[str, float]
    bundle: int | None
    max_concurrency: int | None
    recovery: RecoveryPolicy
    weak_again: bool
    commit_lag: int
    down_s: float
    endless: bool
    growth: GrowthPolicy
    strict: bool
    merging_s: float
    spare: Sequence[Sequence[Act]]
    disturbances: Sequence[Disturbance] = ()

    @cached_property
    def points(self) -> Points:
        return Points.of(list(self.policies))

    @cached_property
    def points_of(self) -> dict[str, list[str]]:
        """The points that count each branch."""
        index = {one["name"]: specialist_of(one, _never) for one in self.specialists}
        return membership(self.work, index, self.points)

    @cached_property
    def queue(self) -> list[WorkItem]:
        return ordered(self.work, self.points_of)

    @cached_property
    def rates(self) -> Mapping[str, float]:
        """Calls a second, by specialist that is paced."""
        return {one["name"]: rate for one in self.specialists if (rate := one.get("rate_limit"))}

    def act(self, branch_id: str, call: int) -> Act:
        """What a branch's call does, counted from 0 over the whole run; the last act stays."""
        acts = self.acts.get(branch_id) or self.spare[crc32(branch_id.encode()) % len(self.spare)]
        return acts[min(call, len(acts) - 1)]

    def fan_out(self, seats: Mapping[str, Seat]) -> FanOut:
        return FanOut(seats, self.points, self.bundle)

    def specialist(self, name: str) -> dict[str, Any]:
        return next(one for one in self.specialists if one["name"] == name)


async def _never(_: Any) -> None: ...


class Pieces:
    """Splits a payload into so many; below 0 it cannot."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        if self.number < 0:
            raise LookupError("a broken split")
        return [{"piece": number} for number in range(self.number)]


def specialist_of(settings: Mapping[str, Any], run: Any, join: Callable[[list[Any]], Any] = list) -> Specialist:
    """A specialist as the scenario describes it."""
    given = {name: value for name, value in settings.items() if name not in {"cpu", "pieces"}}
    if settings.get("pieces"):
        given |= {"split": Pieces(settings["pieces"]), "join": join}
    return Specialist(run=run, resources=Resources(cpu=settings["cpu"]), **given)
