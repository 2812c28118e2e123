"""The audit trail of one run, looked things up in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph_quorum.state.records import TimelineEvent


def cause(reason: str, error: Mapping[str, Any] | None) -> str:
    """Why a branch ended, with the kind of its error."""
    return f"{error['type']}: {reason}" if error and error["type"] not in reason else reason


class Trail:
    """The lines of the thread's last run, in order: a thread that is run again keeps those of earlier runs."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        run = state.get("workflow_id", "")
        self._prefix = f"{run}/"
        self.lines: list[TimelineEvent] = [
            line for line in state.get("timeline") or [] if line["key"].startswith(self._prefix)
        ]
        self._branches: dict[tuple[int, str], TimelineEvent] = {}
        for line in self.lines:
            if line["event"].startswith("branch_"):
                self._branches[self.round_of(line), line.get("data", {}).get("branch_id", "")] = line

    def round_of(self, line: TimelineEvent) -> int:
        """In which round it was written, from its key."""
        number = line["key"].removeprefix(self._prefix).partition("/")[0]
        return int(number) if number.isdecimal() else 0

    def of(self, *events: str) -> list[TimelineEvent]:
        """The lines of these events."""
        return [line for line in self.lines if line["event"] in events]

    def last(self, event: str) -> TimelineEvent | None:
        """The last line of this event."""
        return next((line for line in reversed(self.lines) if line["event"] == event), None)

    def ended(self, round_number: int, branch_id: str) -> TimelineEvent | None:
        """How a branch ended in a round; None for a plain success in a large fan-out."""
        return self._branches.get((round_number, branch_id))
