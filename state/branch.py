"""What a specialist is handed, and what travels in a `Send`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NotRequired

from typing_extensions import TypedDict

from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.records import Mode, WorkItem

TOKEN_KEY = "__quorum_token"  # noqa: S105
"""Where a run's config holds its driver's token, under `configurable`.

LangGraph hands such keys to nodes and nested graphs, and keeps them out of the checkpoint's metadata.
"""


class Guidance(TypedDict):
    """Why a branch is done again: what to do better this time."""

    findings: list[CheckFinding]
    """What was found wanting; each names this branch alone."""
    previous: Any
    """The result so far, None where there is none. It stays where the new one has more findings, else a lower score,
    unless a person has asked for the new one."""


@dataclass(slots=True)
class Branch:
    """One piece of work, as its specialist sees it.

    Attributes:
        branch_id: Unique within the run.
        task: The run's task, in words.
        payload: What to work on.
        inputs: Results of the prerequisites, by branch id.
        attempt: From 1; counts retries and hedged calls within this round. A process that takes the run up after a
            crash counts from 1 again.
        round: 0 for the first fan-out; each redistribution adds one.
        run: Of which run: its thread, where it has one, and its workflow id.
        token: Of the driver's lease; greater than that of every earlier driver of the thread. An outside system that
            keeps the greatest one it has seen can refuse a driver that was overtaken. None without a lease.
        guidance: When a result is to be bettered, what was found wanting; else None.
    """

    branch_id: str
    task: str
    payload: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    attempt: int = 1
    round: int = 0
    run: str = ""
    token: int | None = None
    guidance: Guidance | None = None

    @property
    def prompt(self) -> str:
        """The task and, where there is guidance, what to do better: a message for a model."""
        if self.guidance is None:
            return self.task
        faults = "\n".join(f"- {finding['message']}" for finding in self.guidance["findings"])
        told = f"{self.task}\n\nYour previous result fell short:\n{faults}"
        if self.guidance["previous"] is None:
            return told
        return f"{told}\n\nThe previous result:\n{json.dumps(self.guidance['previous'], ensure_ascii=False)}"

    @property
    def key(self) -> str:
        """The idempotency key of this attempt: the same when it is begun again after a crash or a resume.

        It is made of run, branch, round and attempt, so retries and hedged calls have keys of their own.
        """
        return f"{self.run}/{self.branch_id}/{self.round}/{self.attempt}"

    def as_dict(self) -> dict[str, Any]:
        """The same as a plain dict, with `key`: what runnables and graphs are invoked with."""
        return {**asdict(self), "key": self.key}


Condition = Callable[[Mapping[str, Any]], bool]
"""Asked with a branch's inputs whether it is to run."""


@dataclass(slots=True)
class Answer:
    """What a specialist may return in place of a bare value, to say more than the value.

    Attributes:
        value: The result. NaN and infinities in it, which JSON lacks, become None; the record says where.
        work: Further branches that the result asks for. Their ids are put below this branch's: `"page"` of branch
            `"book"` becomes `"book/page"`, without an id `"book/0"`. Their `depends_on` may name each other by the
            short id. They go out in the run's next fan-out, as far as `GrowthPolicy` allows.
        cost: What this attempt cost, in the application's currency, from 0; anything else counts nothing, and the
            record says so. One that fails says it by a number `cost` of what it raises.
    """

    value: Any
    work: Sequence[WorkItem] = ()
    cost: float | None = None


class Share(TypedDict):
    """A sync point's part of a fan-out."""

    point: str
    total: int
    """Branches of this fan-out that it counts."""
    earlier: int
    """Successes of earlier fan-outs that are not done again: they count towards the minimum."""
    must: list[str]
    """Branches that must be among the successes and have not succeeded yet."""


class Wave(TypedDict):
    """What all branches of one fan-out share."""

    run: str
    """The run's workflow id; "" in a graph that is not a workflow of ours."""
    round: int
    total: int
    """Branches in this fan-out."""
    shares: list[Share]
    """One for each sync point that counts any of them."""
    asking: bool
    """Whether a question to a human pauses the run whatever `on_question` says: its answer is due."""
    bundled: bool
    """Whether any branches share a `Send`: a question is then put off to a fan-out of its own."""
    mode: Mode
    at_once: int
    """Most branches running at the same time; where `adaptive` starts."""
    ceiling: int
    """Where `adaptive` stops growing."""
    cpu_at_once: float
    """Most CPU cores that running branches may ask for together."""


class BranchCall(TypedDict):
    """One branch of a fan-out."""

    item: WorkItem
    order: int
    """Position in the fan-out: high priority and prerequisites first."""
    points: list[str]
    """Sync points that count it."""
    inputs: NotRequired[dict[str, Any]]
    """Results of prerequisites that succeeded before this fan-out; they stand in where one that is redone fails."""
    waits_for: NotRequired[list[str]]
    """Prerequisites within this fan-out: branches and sync points."""
    missing: NotRequired[str]
    """A prerequisite that ended without success in an earlier fan-out: the branch is then skipped."""
    parked: NotRequired[bool]
    """Whether that one's question to a human was put off: the branch then is, too."""
    excused: NotRequired[bool]
    """Whether all its prerequisites were excused in earlier fan-outs: the branch then is, too."""
    guidance: NotRequired[Guidance]
    """Why it is done again, where a check or a human has said so."""


class Bundle(TypedDict):
    """The payload of one `Send`: the input of a specialist's node. Mostly one branch; many when they are cheap."""

    calls: list[BranchCall]
    task: str
    wave: Wave
