"""After a revision: which results stand, the new ones or those before it, branch by branch and as a whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from langgraph.types import Overwrite

from langgraph_quorum.nodes.checking.revision import Held, ended, held, severity
from langgraph_quorum.nodes.journal import entry, some, some_of
from langgraph_quorum.nodes.performance import performance
from langgraph_quorum.state.merged import CheckFinding, Merged
from langgraph_quorum.state.records import TimelineEvent
from langgraph_quorum.state.workflow import QuorumState, Revision

Look: TypeAlias = Callable[[QuorumState], Awaitable[list[CheckFinding]]]
"""Has the merged result of a state checked."""
MergeAgain: TypeAlias = Callable[[QuorumState], Awaitable[Mapping[str, Any]]]
"""Merges the results of a state; returns the merger's update."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How things stand after a revision.

    Attributes:
        state: With the results that stand.
        findings: On these.
        update: What that changes in the state; {} where no revision was under way.
    """

    state: QuorumState
    findings: list[CheckFinding]
    update: dict[str, Any] = field(default_factory=dict)


async def settled(state: QuorumState, findings: list[CheckFinding], look: Look, merge: MergeAgain) -> Settled:
    """Hold what a revision has brought against what stood before it, and keep the better.

    Branch by branch first: where some of the new results are worse, the others are merged again with what stood before
    in place of those, and checked again. Then the whole. What a person has asked for stands, unless it is critical.

    Args:
        state: With the new results, merged.
        findings: On these.
        look: Asked again where the results that stand are not those that were checked.
        merge: Asked again where they are not those that were merged.
    """
    revision, merged = state.get("revision"), state["merged"]
    if revision is None or revision["merged"] is None or merged is None:
        return Settled(state, findings)
    told = held(revision, state["queue"], state["branches"], findings)
    case = _Case(state, findings, revision, revision["merged"], merged, told, look, merge)
    return await (case.as_asked() if revision.get("by_human") else case.bettered())


@dataclass(frozen=True, slots=True)
class _Case:
    """A revision that has come in. `told` has the branches with a new result."""

    state: QuorumState
    findings: list[CheckFinding]
    revision: Revision
    before: Merged
    merged: Merged
    told: Mapping[str, Held]
    look: Look
    merge: MergeAgain

    async def bettered(self) -> Settled:
        """The better of each branch, unless the whole is the worse for it."""
        state, round_number = self.state, self.state["round"]
        now, outcome = Settled(state, self.findings), ended(self.revision, self.merged, self.findings, round_number)
        dropped = [name for name, one in self.told.items() if one.came_to == "worse"]
        if dropped and len(dropped) == len(self.told) and self._brought_nothing_else():
            outcome["came_to"] = "worse"
        elif dropped:
            now = await self._without(dropped)
            outcome = ended(self.revision, now.state["merged"] or self.merged, now.findings, round_number)
        if outcome["came_to"] == "worse":
            return await self._all_dropped(outcome)
        kept = f"; the earlier result of {', '.join(some(dropped))} stands" if dropped else ""
        did = "made the result better" if outcome["came_to"] == "better" else "improved nothing"
        line = self._line("revised", f"the revision {did}: {outcome['why']}{kept}", dropped)
        return _written(now, {"revision": outcome}, line)

    async def as_asked(self) -> Settled:
        """What a person wanted done once more is shown to that person, which a run that fails does not do."""
        if severity(self.findings)[0] > severity(self.revision["findings"])[0]:
            why = "; ".join(one["message"] for one in self.findings if one["severity"] == "critical")
            outcome = Revision(came_to="worse", merged=None, findings=[], records={}, judged=None, why=why)
            dropped = await self._all_dropped(outcome)
            return _written(dropped, {"revision": None})
        line = [self._line("revised", "the new result is taken, as a human wanted", [])] if self.told else []
        return _written(Settled(self.state, self.findings), {"revision": None}, *line)

    async def _all_dropped(self, outcome: Revision) -> Settled:
        line = self._line("revision_dropped", f"{outcome['why']}: the earlier result stands", self.told)
        if self._is_edited():
            return _written(await self._without(self.told), {"revision": outcome}, line)
        back = {"merged": self.before, **self._earlier(self.told)}
        now = Settled(_applied(self.state, back), self.revision["findings"], back)
        return _written(now, {"revision": outcome}, line)

    async def _without(self, dropped: Iterable[str]) -> Settled:
        """Merged and checked again, with the earlier results of these branches."""
        earlier = self._earlier(dropped)
        update = {**earlier, **await self.merge(_applied(self.state, earlier))}
        now = _applied(self.state, update)
        return Settled(now, await self.look(now), update)

    def _earlier(self, dropped: Iterable[str]) -> dict[str, Any]:
        records = {name: self.revision["records"][name] for name in dropped}
        if not records:
            return {}
        figures = {name: performance(record) for name, record in records.items()}
        return {
            "branches": Overwrite({**self.state["branches"], **records}),
            "performance": {**self.state.get("performance", {}), **figures},
        }

    def _brought_nothing_else(self) -> bool:
        """Whether the earlier merged result is what the earlier results of these branches make with the others."""
        sources = [sorted(row["branch_id"] for row in one["attribution"]) for one in (self.before, self.merged)]
        return sources[0] == sources[1] and not self._is_edited()

    def _is_edited(self) -> bool:
        return any(record.get("edited") for record in self.state["branches"].values())

    def _line(self, event: str, why: str, dropped: Iterable[str]) -> TimelineEvent:
        """What became of the revision, and of the first of its branches."""
        away = set(dropped)
        branches = {
            name: {"came_to": one.came_to, "dropped": name in away, "why": one.why}
            for name, one in some_of(self.told).items()
        }
        return entry(self.state, "validator", event, why, branches=branches)


def _applied(state: QuorumState, update: Mapping[str, Any]) -> QuorumState:
    changed: Any = {name: update[name] for name in ("merged", "load") if name in update}
    branches = update["branches"].value if "branches" in update else state["branches"]
    return {**state, **changed, "branches": branches}


def _written(now: Settled, change: Mapping[str, Any], *lines: TimelineEvent) -> Settled:
    timeline = [*now.update.get("timeline", []), *lines]
    return Settled(now.state, now.findings, {**now.update, **change, "timeline": timeline})
