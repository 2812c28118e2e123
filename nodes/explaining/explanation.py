"""An explanation: plain JSON for programs, and its text for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from typing_extensions import TypedDict

from langgraph_quorum.nodes.explaining.wording import Section, sections, text_of
from langgraph_quorum.nodes.reviewing.disagreement import Disagreement
from langgraph_quorum.state.merged import Attribution, CheckFinding, Discarded
from langgraph_quorum.state.records import BranchStatus, SyncDecision


class LeftBehind(TypedDict):
    """A branch without a good answer when a sync point moved on."""

    branch_id: str
    specialist: str
    status: BranchStatus | None
    """How it ended; None where it is not known."""
    doing: str
    """What it had been doing, in words."""


class PointTold(TypedDict):
    """Why one sync point moved on."""

    decision: SyncDecision
    words: str
    at: str | None
    """UTC, ISO 8601; None where the decision is not in the timeline yet."""
    left: list[LeftBehind]


class WeightTold(TypedDict):
    """How one weight came about."""

    row: Attribution
    arithmetic: str
    """The sum with its numbers; "" where it is not known how the run weighed."""
    rests_on: list[str]
    """What the quality rests on."""


class AgainTold(TypedDict):
    """A branch that took more than one attempt, or was sent out more than once."""

    branch_id: str
    ways: list[str]
    """How it was tried again, in words."""
    guidance: list[str]
    """What it was told to do better, the last time."""
    scores: list[float | None]
    """Its measured score before each time it was sent out again; None without one."""
    came_to: str
    """Whether that helped; "" where it was not sent out again."""


class AnswerTold(TypedDict):
    """What a human, or a question's expiry, has decided."""

    at: str
    """UTC, ISO 8601."""
    decision: str
    """`approved`, `edited`, `picked`, `retried`, `rejected`, `went_on` or `asks`."""
    words: str


class SpentTold(TypedDict):
    """What one specialist's branches took, as far as their last records tell."""

    specialist: str
    branches: int
    succeeded: int
    attempts: int
    seconds: float
    """Running time, added up over branches that may have run side by side."""
    waited_s: float
    """Waiting for a turn (prerequisites, times, resources, limits), added up in the same way."""
    cost: float | None
    """In the application's currency; None when nothing said."""


class Spent(TypedDict):
    """What the run took. `cost` counts what was reported, in the application's currency."""

    attempts: int
    seconds: float
    """That the fan-outs took; without what a human took to answer."""
    cost: float
    measuring: float
    """What part of it judging the results has cost."""
    rounds: int
    """Redistributions."""
    specialists: list[SpentTold]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a run came to its result. JSON primitives throughout; what has not happened yet is empty.

    Attributes:
        thread_id: The thread; "" when a state was explained by itself.
        status: How the run stands.
        task: What it was to do.
        headline: The result in one line.
        points: Why each sync point moved on, in order.
        weighing: The weight policy's numbers; None where the run has none and the defaults do not fit.
        weights: How each weight came about, the heaviest first.
        merging: How the results were made one, in words.
        disagreements: Where specialists disagreed, field by field.
        again: Branches that were retried, redistributed or done better.
        rounds: What was decided about doing work again, in words, in order.
        verdict: The validator's or the human's; None before it.
        why: What the verdict rests on.
        findings: What the validator's checks found.
        answers: What humans answered, in order.
        questions: What a human is being asked.
        spent: What it took.
        left_out: Branches, and parts of results, that the result does not hold, and why.
    """

    thread_id: str = ""
    status: str = ""
    task: str = ""
    headline: str = ""
    points: list[PointTold] = field(default_factory=list)
    weighing: dict[str, float] | None = None
    weights: list[WeightTold] = field(default_factory=list)
    merging: list[str] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    again: list[AgainTold] = field(default_factory=list)
    rounds: list[str] = field(default_factory=list)
    verdict: str | None = None
    why: str = ""
    findings: list[CheckFinding] = field(default_factory=list)
    answers: list[AnswerTold] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    spent: Spent | None = None
    left_out: list[Discarded] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The same as a dict."""
        return asdict(self)

    def sections(self, most: int = 12) -> list[Section]:
        """The text in parts, each a title with lines; empty parts are left out.

        Args:
            most: Lines of one kind at most, from 1; more are counted.
        """
        return sections(self.as_json(), most)

    def text(self, most: int = 12) -> str:
        """In plain words, lines unwrapped. Long runs are summed up: `most` lines of one kind."""
        return text_of(self.sections(most))
