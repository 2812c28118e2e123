"""Lines of the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from langgraph_quorum.state.records import TimelineEvent
from langgraph_quorum.state.workflow import QuorumState

T = TypeVar("T")

SHOWN = 100
"""Names in one line of the audit trail at most."""


def entry(state: QuorumState, node: str, event: str, why: str, **data: Any) -> TimelineEvent:
    """One event of this run and round.

    Its key makes a replayed node leave one line, not two: the same node on the same state gives the same key. The
    number of lines so far tells apart two visits to one node in one round.
    """
    return Page.of(state).line(node, event, why, data)


class Page(NamedTuple):
    """What the lines have in common that a node writes at one moment.

    Attributes:
        run: The run and its round.
        lines: Number of lines before it.
        at: The moment.
    """

    run: str
    lines: int
    at: str

    @classmethod
    def of(cls, state: QuorumState) -> Page:
        """The page on which a node writes that has this state."""
        run = f"{state.get('workflow_id', '')}/{state.get('round', 0)}"
        return cls(run, len(state.get("timeline", [])), datetime.now(UTC).isoformat(timespec="milliseconds"))

    def line(self, node: str, event: str, why: str, data: dict[str, Any], of: str = "") -> TimelineEvent:
        """One event; `of` tells apart those of one node that are alike, as `/` and a name."""
        key = f"{self.run}/{node}/{event}/{self.lines}{of}"
        return {"key": key, "at": self.at, "node": node, "event": event, "why": why, "data": data}


def some(names: Sequence[str]) -> list[str]:
    """The first of many names: a line of the audit trail is no place for a hundred thousand."""
    return list(names[:SHOWN])


def some_of(by_name: Mapping[str, T]) -> dict[str, T]:
    """The first of many names, with what is said of each."""
    return dict(islice(by_name.items(), SHOWN))


def task_of(state: QuorumState) -> str:
    """What the run is to do: its task, else the last human message."""
    if state.get("task"):
        return state["task"]
    spoken = [message for message in state.get("messages", []) if message.type == "human"]
    return str(spoken[-1].text) if spoken else ""
