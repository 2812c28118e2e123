"""How branches ended, as lines of the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from langgraph_quorum.nodes.journal import entry, some
from langgraph_quorum.state.records import BranchRecord, TimelineEvent
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import QuorumState

MANY = 200
"""Branches of one fan-out above which plain successes share a line for each specialist."""


def branches_ended(
    state: QuorumState, records: Sequence[BranchRecord], late: Iterable[BranchRecord] = ()
) -> list[TimelineEvent]:
    """A line for each branch of a fan-out, and for each late result; successes of a large one are summed up."""
    lines: list[TimelineEvent] = []
    together: dict[str, list[str]] = {}
    for record in records:
        plain = record["status"] == "succeeded" and record["round"] == state["round"]
        if plain and len(records) > MANY:
            together.setdefault(record["specialist"], []).append(record["branch_id"])
        else:
            lines.append(_ended(state, record))
    for specialist, names in together.items():
        why = f"{counted(len(names), 'branch', 'branches')} answered"
        lines.append(entry(state, specialist, "branches_succeeded", why, total=len(names), branches=some(names)))
    return [*lines, *(_harvested(state, record) for record in late)]


def _ended(state: QuorumState, record: BranchRecord) -> TimelineEvent:
    if record["round"] == state["round"]:
        why = record["reason"] or f"{record['specialist']} answered"
        return _line(state, record, f"branch_{record['status']}", why)
    why = f"doing it again gave no result: that of round {record['round']} stays"
    return _line(state, record, "branch_kept", why)


def _harvested(state: QuorumState, record: BranchRecord) -> TimelineEvent:
    return _line(state, record, "branch_harvested", f"it answered {record['settled_s']:.2f} s after its fan-out")


def _line(state: QuorumState, record: BranchRecord, event: str, why: str) -> TimelineEvent:
    line = entry(
        state,
        record["specialist"],
        event,
        why,
        branch_id=record["branch_id"],
        attempts=record["attempts"],
        seconds=record["seconds"],
        waited_s=record["waited_s"],
        settled_s=record["settled_s"],
        started_at=record["started_at"],
        error=record["error"],
    )
    line["key"] += f"/{record['branch_id']}"
    return line
