"""What a branch's prerequisites have come to by the time it is sent out. Pure: read from the records alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from langgraph_quorum.state.records import BranchRecord, WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy


@dataclass(slots=True)
class Fed:
    """What there is for one branch.

    Attributes:
        inputs: Results so far: of a branch its result, of a sync point a dict of results by branch id.
        waits_for: Prerequisites that go out in the same fan-out.
        missing: One that ended without success and does not go out again; "" when there is none.
        excused: Whether all of them were excused before this fan-out.
    """

    inputs: dict[str, Any] = field(default_factory=dict)
    waits_for: list[str] = field(default_factory=list)
    missing: str = ""
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How the branches of a run stand when a fan-out goes out.

    Attributes:
        branches: Records so far.
        active: Branches of this fan-out.
        policies: Of the sync points, by name.
        counted_by: The branches of the run that a sync point counts.
        ids: All branches of the run.
    """

    branches: Mapping[str, BranchRecord]
    active: AbstractSet[str]
    policies: Mapping[str, SyncPolicy]
    counted_by: Callable[[str], Sequence[str]]
    ids: AbstractSet[str]

    def fed(self, item: WorkItem) -> Fed:
        """What there is for a branch that depends on others."""
        fed = Fed()
        for name in item["depends_on"]:
            if name in self.ids or name not in self.policies:
                self._hear_branch(fed, name)
            else:
                self._hear_point(fed, name)
        fed.excused = not (fed.inputs or fed.waits_for or fed.missing)
        return fed

    def awaits_human(self, name: str) -> bool:
        """Whether a branch, or one that a sync point counts, asks a human."""
        ids = [name] if name in self.ids or name not in self.policies else self.counted_by(name)
        return any(one in self.branches and self.branches[one]["status"] == "awaiting_human" for one in ids)

    def _hear_branch(self, fed: Fed, name: str) -> None:
        if name in self.active:
            fed.waits_for.append(name)
        if self._succeeded(name):
            fed.inputs[name] = self.branches[name]["result"]
        elif name not in self.active and not self._excused(name):
            fed.missing = fed.missing or name

    def _hear_point(self, fed: Fed, name: str) -> None:
        ids = self.counted_by(name)
        results = {branch_id: self.branches[branch_id]["result"] for branch_id in ids if self._succeeded(branch_id)}
        if results:
            fed.inputs[name] = results
        if not self.active.isdisjoint(ids):
            fed.waits_for.append(name)
            return
        asked = [branch_id for branch_id in ids if not self._excused(branch_id)]
        policy = self.policies[name]
        if asked and (len(results) < policy.minimum or any(one in asked and one not in results for one in policy.must)):
            fed.missing = fed.missing or name

    def _succeeded(self, branch_id: str) -> bool:
        return branch_id in self.branches and self.branches[branch_id]["status"] == "succeeded"

    def _excused(self, branch_id: str) -> bool:
        return branch_id in self.branches and self.branches[branch_id]["excused"]
