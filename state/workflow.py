"""The typed state of a workflow: what goes in, what is kept, what comes out, and the run's context."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, get_args

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from pydantic import ConfigDict
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.form import (
    SETTINGS,
    AnySources,
    Deadline,
    Grace,
    Merge,
    MergeName,
    Messages,
    Minimum,
    Task,
    Threshold,
    Work,
)
from langgraph_quorum.state.keywords import suggesting
from langgraph_quorum.state.merged import Attribution, CheckFinding, Merged
from langgraph_quorum.state.ports import ArtifactStore, CapacityProbe
from langgraph_quorum.state.records import (
    BranchRecord,
    ErrorRecord,
    Mode,
    RunStatus,
    SyncDecision,
    TimelineEvent,
    Verdict,
    WorkItem,
)
from langgraph_quorum.state.reducers import append_decisions, append_timeline, merge_branches
from langgraph_quorum.state.sync_policy import SyncPolicy


class QuorumInput(TypedDict):
    """What a run is given. A task alone makes one branch per specialist."""

    task: NotRequired[Task]
    sources: NotRequired[AnySources]
    work: NotRequired[Work]
    messages: NotRequired[Messages]


class ModeDecision(TypedDict):
    """The analyzer's decision with the figures it rests on. Scores are in 0..1."""

    mode: Mode
    forced: bool
    complexity: float
    complexity_parts: dict[str, float]
    dependency: float
    at_once: int
    ceiling: int
    cpu_at_once: float
    capacity: dict[str, float | None]
    allocation: dict[str, list[str]]
    """Branch ids by specialist."""
    why: str


class LoadMetrics(TypedDict):
    """What the load balancer has done so far."""

    rounds: int
    redistributed: int
    """Branches sent out again, over all rounds."""
    history: dict[str, list[float]]
    """By branch: its score before each time it was sent out again (-1 without a success)."""
    attempts: int
    """Attempts so far, of all branches."""
    seconds: float
    """Seconds that the fan-outs have taken so far; what a human took to answer in between does not count."""
    cost: float
    """What specialists have reported so far, in the application's currency."""
    why: str


class Revision(TypedDict):
    """The last revision of the merged result, held against what stood before it."""

    came_to: Literal["under_way", "better", "nothing", "worse"]
    """`worse`: it was dropped, and the earlier merged result stands."""
    merged: Merged | None
    """What stood before; None once it has been held against that."""
    findings: list[CheckFinding]
    """What was found wanting in that."""
    records: dict[str, BranchRecord]
    """The successes that were sent out again, as they stood before."""
    judged: int | None
    """The round in which it was held against that."""
    why: str
    """What it came to, in words."""
    by_human: NotRequired[bool]
    """Whether a person has asked for it: it is then dropped only where it would fail the run."""


class Growth(TypedDict):
    """How far results have created further branches."""

    generations: dict[str, int]
    """By created branch: 1 when a branch of the input asked for it, 2 when one of those did, and so on."""
    refused: dict[str, str]
    """Branches that were asked for and not created, with the reason."""


class QuorumState(QuorumInput):
    """All that a run keeps. `branches`, `sync`, `timeline` and `messages` join by reducer; the rest is replaced."""

    workflow_id: NotRequired[str]
    """Of this run; a thread that is run again gets a new one."""
    queue: NotRequired[list[WorkItem]]
    """The work queue: every branch of the run, routed to its specialist, in the order of fan-out."""
    mode: NotRequired[ModeDecision]
    dependencies: NotRequired[dict[str, list[str]]]
    """By branch that waits for others: branches and sync points that it waits for."""
    active: NotRequired[list[str]]
    """Branches of the fan-out that is under way; [] between fan-outs."""
    redo: NotRequired[list[str]]
    """Branches that the next fan-out sends: again, for the first time, or to ask their question."""
    round: NotRequired[int]
    branches: NotRequired[Annotated[dict[str, BranchRecord], merge_branches]]
    sync: NotRequired[Annotated[list[SyncDecision], append_decisions]]
    timeline: NotRequired[Annotated[list[TimelineEvent], append_timeline]]
    performance: NotRequired[dict[str, dict[str, float]]]
    """By branch, of the record that stands: seconds, waited_s, attempts; quality and cost where they are known."""
    load: NotRequired[LoadMetrics]
    growth: NotRequired[Growth]
    metrics: NotRequired[dict[str, float]]
    """Monitoring: progress, succeeded, failed, throughput_per_s, ..."""
    merged: NotRequired[Merged | None]
    merged_round: NotRequired[int]
    findings: NotRequired[list[CheckFinding]]
    revision: NotRequired[Revision | None]
    guidance: NotRequired[dict[str, list[CheckFinding]]]
    """By branch that was a success when it was last sent out to be bettered: what was found wanting in its result."""
    verdict: NotRequired[Verdict | None]
    status: NotRequired[RunStatus]
    error: NotRequired[ErrorRecord | None]
    result: NotRequired[Any]
    quality: NotRequired[float]
    confidence_interval: NotRequired[list[float]]
    attribution: NotRequired[list[Attribution]]
    partial: NotRequired[bool]
    failed: NotRequired[list[str]]
    pending: NotRequired[list[str]]


class QuorumOutput(TypedDict):
    """What a run gives back."""

    workflow_id: str
    """Of this run: `late_results` asks for it."""
    status: RunStatus
    verdict: Verdict | None
    result: Any
    quality: float
    """Of the result, 0..1; 0 as long as there is none, see `status`."""
    confidence_interval: list[float]
    attribution: list[Attribution]
    sources: list[str]
    partial: bool
    failed: list[str]
    pending: list[str]
    """Stragglers whose results are still to be harvested, see `Run.late`."""
    findings: list[CheckFinding]
    error: ErrorRecord | None
    branches: Annotated[dict[str, BranchRecord], merge_branches]
    sync: Annotated[list[SyncDecision], append_decisions]
    timeline: Annotated[list[TimelineEvent], append_timeline]
    messages: Annotated[list[AnyMessage], add_messages]


ARTIFACT_BYTES = 64_000
"""Texts with more bytes are kept as artifacts where a run has a store for them, and its state refers to them."""


@suggesting
@dataclass(frozen=True)
class QuorumContext:
    """What one run may set for itself: parts of the sync policy, how to merge, and the ports to the outside.

    Every field may be left out; an app that gives no context gets the workflow's own settings and in-process ports.

    Raises:
        ConfigurationError: there is no strategy of that name.
    """

    __pydantic_config__ = ConfigDict(arbitrary_types_allowed=True, json_schema_extra={"description": SETTINGS})

    threshold: Threshold = None
    grace_s: Grace = None
    deadline_s: Deadline = None
    minimum: Minimum = None
    merge: Merge = None
    capacity: SkipJsonSchema[CapacityProbe | None] = None
    artifacts: SkipJsonSchema[ArtifactStore | None] = None
    artifact_bytes: SkipJsonSchema[int] = ARTIFACT_BYTES

    def __post_init__(self) -> None:
        known = get_args(MergeName)
        if self.merge is not None and self.merge not in known:
            raise ConfigurationError("context.merge", self.merge, f"give one of {', '.join(known)}")

    @classmethod
    def of(cls, context: object) -> QuorumContext:
        """The run's context, when it is ours. A graph that is nested inherits its parent's, which may be anything."""
        return context if isinstance(context, cls) else cls()

    def applied_to(self, policy: SyncPolicy) -> SyncPolicy:
        """The policy with this run's settings in place of its own.

        Raises:
            SyncPolicyError: when a setting is out of its bounds.
        """
        names = ("threshold", "grace_s", "deadline_s", "minimum")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return dataclasses.replace(policy, **given) if given else policy
