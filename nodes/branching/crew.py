"""What all specialists' nodes of one workflow share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch, Condition, Wave
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import BranchRecord, Quality, WorkItem

Score = Callable[[Specialist, Branch, Any], Quality | Awaitable[Quality | None] | None]
"""Measures the quality of one result, at once or awaited; None where nothing is to be measured."""
Created = Callable[[WorkItem, Sequence[WorkItem]], list[WorkItem]]
"""Makes routed branches of those that a branch's result asks for."""
Remembered = Callable[[Iterable[tuple[str, Any]], Wave], dict[str, BranchRecord]]
"""Finds the records of one fan-out, by branch id, in what the tasks of its superstep have written, by channel."""


def nothing_created(parent: WorkItem, asked: Sequence[WorkItem]) -> list[WorkItem]:
    """Where no workflow takes further branches up, to ask for them is an error.

    Raises:
        PlanError: always.
    """
    raise PlanError(f"branch {parent['branch_id']!r} asks for {len(asked)} more: only build_workflow sends them out")


def in_branches(writes: Iterable[tuple[str, Any]], _wave: Wave) -> dict[str, BranchRecord]:
    """Where nothing but one fan-out writes to `branches`, all records there are its own."""
    return {
        branch_id: record for channel, value in writes if channel == "branches" for branch_id, record in value.items()
    }


@dataclass(frozen=True, slots=True)
class Crew:
    """What all specialists' nodes of one workflow share.

    Attributes:
        seats: The specialists, by name.
        points: The sync points.
        score: Measures results.
        conditions: What `when` may name.
        resources: Capacities of what `resources` may name.
        created: Routes the branches that a result asks for.
        remembered: Finds what of a fan-out had finished before a crash.
    """

    seats: Mapping[str, Seat]
    points: Points
    score: Score
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    resources: Mapping[str, float] = field(default_factory=dict)
    created: Created = nothing_created
    remembered: Remembered = in_branches

    @property
    def is_of_workflow(self) -> bool:
        """Whether a workflow of ours reads the records: only there may references stand in place of results."""
        return self.created is not nothing_created

    async def quality(self, specialist: Specialist, branch: Branch, result: Any) -> Quality | None:
        """The quality of one result; None where nothing is to be measured."""
        found = self.score(specialist, branch, result)
        return found if found is None or isinstance(found, dict) else await found

    def parks(self, points: Sequence[str]) -> bool:
        """Whether all these sync points move on without a branch that asks a human."""
        return all(self.points.policies[name].on_question == "park" for name in points)
