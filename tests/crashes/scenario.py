"""What one run is about, where it is killed, and what must hold of it whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.state.records import WorkItem
from tests.crashes.crew import Crew
from tests.crashes.ledger import Kind


@dataclass(frozen=True)
class Kill:
    """One process that is killed. Branches are named by `key_of`.

    Attributes:
        lets: Branches that may end in it.
        kept: Those of them whose records must be in Postgres when it is killed; all of them when left out.
        late: Those of them whose late results must be there: before, they were kept as cut.
        seen: Further lines of its ledger to wait for, as kind, branch and attempt: `("start", "a@1", 1)`.
        asked: Whether to wait for a question to be in Postgres, too.
        drains: It gets SIGTERM first, and is killed once it has stopped this branch; "" for at once. None: no SIGTERM.
        answer: What it is told when a question is open.
    """

    lets: tuple[str, ...] = ()
    kept: tuple[str, ...] | None = None
    late: tuple[str, ...] = ()
    seen: tuple[tuple[Kind, str, int], ...] = ()
    asked: bool = False
    drains: str | None = None
    answer: str | None = None

    @property
    def awaited(self) -> frozenset[str]:
        return frozenset(self.lets if self.kept is None else self.kept)


def after(*keys: str) -> tuple[Kill, ...]:
    """A kill after each of these branches, one process for each."""
    return tuple(Kill((key,)) for key in keys)


@dataclass(frozen=True)
class Scenario:
    """One run.

    Attributes:
        name: Of the scenario.
        build: Makes its graph.
        work: Its input.
        kills: The processes that are killed, in order; one more takes the run to its end.
        needs: By branch, those that must have ended before it starts.
        at_once: Branches at most that run at the same time; None for any number.
        apart: Groups of branches of which only one runs at a time.
        timed: Branches that a clock may end whenever it likes, in whichever process.
        answer: What the last process is told when a question is open.
    """

    name: str
    build: Callable[[Crew], QuorumBuilder]
    work: list[WorkItem]
    kills: tuple[Kill, ...]
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    at_once: int | None = None
    apart: tuple[frozenset[str], ...] = ()
    timed: frozenset[str] = frozenset()
    answer: str | None = None
