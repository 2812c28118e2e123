"""What a specialist is handed, and what travels in a `Send`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from typing_extensions import TypedDict

from langgraph_quorum.state.records import Mode, WorkItem


@dataclass(frozen=True, slots=True)
class Branch:
    """One piece of work, as its specialist sees it.

    Attributes:
        branch_id: Unique within the run; with `attempt` and `round` a key for idempotent calls to the outside.
        task: The run's task, in words.
        payload: What to work on.
        inputs: Results of the prerequisites, by branch id.
        attempt: From 1; counts retries within this round.
        round: 0 for the first fan-out; each redistribution adds one.
    """

    branch_id: str
    task: str
    payload: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    attempt: int = 1
    round: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same as a plain dict: what runnables and graphs are invoked with."""
        return asdict(self)


class Wave(TypedDict):
    """What all branches of one fan-out share."""

    point: str
    round: int
    total: int
    """Branches in this fan-out."""
    earlier: int
    """Successes of earlier fan-outs that are not done again: they count towards the minimum."""
    must: list[str]
    """Branches that must be among the successes and have not succeeded yet."""
    mode: Mode
    at_once: int
    """Most branches running at the same time; where `adaptive` starts."""
    ceiling: int
    """Where `adaptive` stops growing."""
    cpu_at_once: float
    """Most CPU cores that running branches may ask for together."""


class BranchCall(TypedDict):
    """The payload of one `Send`: the input of a specialist's node."""

    item: WorkItem
    task: str
    order: int
    """Position in the fan-out: high priority and prerequisites first."""
    inputs: dict[str, Any]
    """Results of prerequisites that succeeded before this fan-out; they stand in where one that is redone fails."""
    waits_for: list[str]
    """Prerequisites within this fan-out."""
    wave: Wave
