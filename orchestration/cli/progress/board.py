"""The state of every branch of a run, as its events tell it. Pure: time is an argument."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from langgraph_quorum.state.records import BranchStatus, WorkItem

CellState = Literal["planned", "waiting", "running", "retrying"] | BranchStatus
"""`planned` before its fan-out, `waiting` for its turn, then how it runs and how it ended."""

UNDER_WAY: frozenset[str] = frozenset({"running", "retrying"})
NOT_BEGUN: frozenset[str] = frozenset({"planned", "waiting"})

STAGES: dict[str, str] = {
    "analyzer": "planned the work",
    "coordinator": "sent the branches out",
    "before_sync_point": "asked whether to go on",
    "sync_point": "passed the sync point",
    "merger": "merged the results",
    "before_validator": "asked whether to go on",
    "validator": "checked the result",
    "load_balancer": "looked for what is worth doing again",
    "human_review": "asked a human",
    "integrator": "wrote the result down",
}
"""What has happened when a node of the workflow has ended."""

_STATES: dict[str, CellState] = {
    "waiting": "waiting",
    "running": "running",
    "retrying": "retrying",
    "fallback": "retrying",
    "succeeded": "succeeded",
    "failed": "failed",
    "timed_out": "timed_out",
    "cut": "cut",
    "skipped": "skipped",
    "awaiting_human": "awaiting_human",
}


@dataclass(slots=True)
class Cell:
    """One branch.

    Attributes:
        group: The document it is about.
        specialist: Who does it.
        state: How it stands.
        since: When it came to that, on the clock of `Board.apply`.
        seconds: How long it ran, once it has ended.
    """

    group: str
    specialist: str
    state: CellState = "planned"
    since: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class Board:
    """All branches of a run, by id, and what its sync points last said.

    Attributes:
        cells: The branches, in the order of the plan.
        points: Progress of each sync point, by name: `total, good, settled, needed`; empty before the first fan-out.
        stage: What the run does or has done last, in words.
        kept: Branches that were finished before this command began.
    """

    cells: dict[str, Cell] = field(default_factory=dict)
    points: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    stage: str = ""
    kept: int = 0

    @classmethod
    def of(cls, work: Iterable[WorkItem], records: Mapping[str, Mapping[str, Any]] | None = None) -> Board:
        """The board of a planned run, with the branches that have ended already."""
        board = cls({item["branch_id"]: Cell(item.get("group", ""), item["specialist"]) for item in work})
        for branch_id, record in (records or {}).items():
            cell = board.cells.setdefault(branch_id, Cell(record["group"], record["specialist"]))
            cell.state, cell.seconds = record["status"], record["seconds"]
            board.kept += record["status"] == "succeeded"
        return board

    def apply(self, event: Mapping[str, Any], now: float) -> None:
        """Take an event of the run in; events of other kinds are passed over."""
        if event.get("quorum") == "node":
            self.stage = STAGES.get(event["node"], self.stage)
        if event.get("quorum") != "branch":
            return
        if event["sync"]:  # whoever only watches does not know how far its sync point is
            self.points[event["sync"].get("point", "")] = event["sync"]
        cell = self.cells.setdefault(event["branch_id"], Cell(event["group"], event["specialist"]))
        cell.state, cell.since = _STATES.get(event["event"], cell.state), now
        cell.seconds = event.get("seconds", cell.seconds)

    @property
    def groups(self) -> list[str]:
        """The documents, in the order of the plan."""
        return list(dict.fromkeys(cell.group for cell in self.cells.values()))

    @property
    def specialists(self) -> list[str]:
        """The specialists, in the order of the plan."""
        return list(dict.fromkeys(cell.specialist for cell in self.cells.values()))

    def counts(self) -> Counter[str]:
        """How many branches stand how."""
        return Counter(cell.state for cell in self.cells.values())
