"""What is written down about work, branches and decisions. JSON primitives only, so checkpoints stay plain."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

BranchStatus = Literal["succeeded", "failed", "timed_out", "cut", "skipped", "awaiting_human"]
"""How a branch ended: `cut` means that the sync point moved on without it (its reason says why), `timed_out` that its
own time or the sync point's deadline ran out, `skipped` that a prerequisite did not succeed or that its condition said
no (then it is `excused`)."""

Priority = Literal["high", "normal", "low"]
PRIORITIES: dict[str, int] = {"high": 0, "normal": 1, "low": 2}
"""Rank of each priority: the lowest goes first."""

ReleaseReason = Literal[
    "all_done",
    "all_failed",
    "quorum_met",
    "grace_expired",
    "decisive",
    "too_many_failed",
    "deadline_partial",
    "drained",
]
SyncStatus = Literal["proceed", "conditional_proceed", "timeout_recovery"]
Mode = Literal["parallel", "sequential", "adaptive"]
Verdict = Literal["approved", "needs_revision", "escalate", "critical_failure"]
RunStatus = Literal["running", "approved", "partial", "failed", "waiting", "interrupted", "cancelled"]


@with_config(ConfigDict(use_attribute_docstrings=True))
class WorkItem(TypedDict):
    """One branch that is asked for. Name the `specialist`, or a `type` that a registered specialist serves."""

    branch_id: NotRequired[str]
    """Unique within the run; the specialist's name when left out."""
    specialist: NotRequired[str]
    type: NotRequired[str]
    """Routes to a specialist of this type when no specialist is named."""
    source_type: NotRequired[str]
    """Narrows the routing to specialists that accept this kind of source."""
    payload: NotRequired[dict[str, Any]]
    """What the specialist works on, JSON primitives; large things go by reference (a path, a URI)."""
    priority: NotRequired[Priority]
    group: NotRequired[str]
    """What the branch is about, for instance a document: results are merged, and coverage is checked, by group."""
    depends_on: NotRequired[list[str]]
    """Branches that must have succeeded, and sync points that must have moved on, before this one starts. Their results
    arrive in `Branch.inputs`: of a branch its result, of a sync point a dict of results by branch id."""
    when: NotRequired[str]
    """Name of a condition in `Tuning.conditions`, asked with the inputs once the prerequisites are done. Where it says
    no the branch is skipped, and excused: no sync point counts it."""
    not_before: NotRequired[float | str]
    """Earliest start: seconds after its fan-out, or an instant as ISO 8601 with a zone."""
    exclusive: NotRequired[list[str]]
    """Names of which each is held by one running branch of the run at a time."""
    resources: NotRequired[dict[str, float]]
    """How much it takes, while it runs, of each counted resource in `Tuning.resources`."""
    timeout_s: NotRequired[float]
    """Seconds for one attempt, instead of the specialist's own."""
    attempts: NotRequired[int]
    """Attempts at most within one round, instead of the specialist's own."""
    hedge_s: NotRequired[float]
    """Seconds after which a second attempt is started beside the first, instead of the specialist's own."""
    fallback: NotRequired[str]
    """Specialist that takes over, instead of the specialist's own fallback."""
    tried: NotRequired[list[str]]
    """Written by the load balancer: specialists that had it before."""
    part_of: NotRequired[str]
    """Written by the load balancer: the branch of which this is a piece."""
    joins: NotRequired[bool]
    """Written by the load balancer: its work is to join the results of its pieces."""
    measures: NotRequired[dict[str, float]]
    """How large the work is, where the payload only refers to it: `size_bytes`, `parts` (sections, tables, ...) and
    `depth` of its nesting. Measured from the payload when left out."""


class ErrorRecord(TypedDict):
    """An error as data. `transient` says whether trying again may help."""

    type: str
    message: str
    transient: bool


class Quality(TypedDict):
    """A measured quality. Each part is in 0..1, or None when nothing was measured; `evidence` says what was."""

    score: float | None
    confidence: float | None
    """What the specialist says of itself."""
    completeness: float | None
    """Share of what was asked for that is there."""
    consistency: float | None
    """Agreement with the other results on the same subject."""
    evidence: list[str]
    cost: NotRequired[float]
    """What the measuring cost, in the application's currency; part of the branch's cost."""


class Missed(TypedDict):
    """That a sync point had moved on before a branch ended."""

    reason: ReleaseReason
    at_s: float
    """Seconds between fan-out and release."""


class BranchRecord(TypedDict):
    """Everything a person needs to know about one branch."""

    branch_id: str
    specialist: str
    """The specialist that answered: the fallback's name when that did."""
    status: BranchStatus
    result: Any
    error: ErrorRecord | None
    reason: str
    """Why it ended like this, in words."""
    attempts: int
    """Attempts that were started, the fallback's included; 0 when it never ran."""
    seconds: float
    """Running time over all attempts, without the wait for its turn."""
    waited_s: float
    """Seconds between fan-out and its first attempt, below 0 for work taken over from an earlier one; its end when it
    never ran."""
    settled_s: float
    """Seconds between fan-out and its end."""
    started_at: str | None
    """UTC, ISO 8601; None when it never ran."""
    round: int
    """0 for the first fan-out; each redistribution adds one."""
    group: str
    quality: Quality | None
    release: ReleaseReason | None
    """The sync point's reason when that ended the branch, else None."""
    points: list[str]
    """Sync points that count it."""
    missed: dict[str, Missed]
    """Of these, the ones that had moved on before it ended."""
    excused: bool
    """Whether its condition, or that of all its prerequisites, said no: it is then not counted."""
    late: bool
    """Whether its result was harvested after its fan-out."""
    cost: float | None
    """What it cost over all attempts, in the application's currency; None when nothing said."""
    work: list[WorkItem]
    """Further branches that its result asks for."""
    not_before: NotRequired[str]
    """Only of one without success whose service said when to come back (`Retry-After`): that moment, UTC, ISO 8601."""
    edited: NotRequired[bool]
    """Whether a person has edited this record: it then stands until the branch is done again because somebody asked."""


def blank_record(branch_id: str, specialist: str, status: BranchStatus) -> BranchRecord:
    """The record of a branch of which nothing else is known: its first attempt, of round 0, without any times."""
    return BranchRecord(
        branch_id=branch_id,
        specialist=specialist,
        status=status,
        result=None,
        error=None,
        reason="",
        attempts=1,
        seconds=0.0,
        waited_s=0.0,
        settled_s=0.0,
        started_at=None,
        round=0,
        group="",
        quality=None,
        release=None,
        points=[],
        missed={},
        excused=False,
        late=False,
        cost=None,
        work=[],
    )


class SyncDecision(TypedDict):
    """One decision of a sync point, and the figures it rests on."""

    point: str
    round: int
    status: SyncStatus
    reason: ReleaseReason
    progress: float
    """Succeeded branches of this fan-out over all of them, 0..1."""
    completed: list[str]
    remaining: list[str]
    """Branches of this fan-out without a good answer."""
    threshold: float
    seconds: float
    """From fan-out to release."""
    excused: list[str]
    """Branches of this fan-out that were not counted, because their condition said no."""


class TimelineEvent(TypedDict):
    """One line of the audit trail."""

    key: str
    """Unique within the thread, so that writing it twice leaves one."""
    at: str
    """UTC, ISO 8601."""
    node: str
    event: str
    why: str
    data: NotRequired[dict[str, Any]]
