"""How branches ended, as lines of the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from langgraph_quorum.nodes.journal import Page, some
from langgraph_quorum.state.records import BranchRecord, TimelineEvent
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import QuorumState

MANY = 200
"""Branches of one fan-out above which plain successes share a line for each specialist."""


def branches_ended(
    state: QuorumState, records: Sequence[BranchRecord], late: Iterable[BranchRecord] = ()
) -> list[TimelineEvent]:
    """A line for each branch of a fan-out, and for each late result; successes of a large one are summed up."""
    page, many = Page.of(state), len(records) > MANY
    lines: list[TimelineEvent] = []
    together: dict[str, list[str]] = {}
    for record in records:
        if many and record["status"] == "succeeded" and record["round"] == state["round"]:
            together.setdefault(record["specialist"], []).append(record["branch_id"])
        else:
            lines.append(_ended(page, state["round"], record))
    for specialist, names in together.items():
        why = f"{counted(len(names), 'branch', 'branches')} answered"
        lines.append(page.line(specialist, "branches_succeeded", why, {"total": len(names), "branches": some(names)}))
    return [*lines, *(_harvested(page, record) for record in late)]


def _ended(page: Page, round_number: int, record: BranchRecord) -> TimelineEvent:
    if record["round"] == round_number:
        why = record["reason"] or f"{record['specialist']} answered"
        return _line(page, record, f"branch_{record['status']}", why)
    why = f"doing it again gave no result: that of round {record['round']} stays"
    return _line(page, record, "branch_kept", why)


def _harvested(page: Page, record: BranchRecord) -> TimelineEvent:
    return _line(page, record, "branch_harvested", f"it answered {record['settled_s']:.2f} s after its fan-out")


def _line(page: Page, record: BranchRecord, event: str, why: str) -> TimelineEvent:
    branch_id = record["branch_id"]
    data = {
        "branch_id": branch_id,
        "attempts": record["attempts"],
        "seconds": record["seconds"],
        "waited_s": record["waited_s"],
        "settled_s": record["settled_s"],
        "started_at": record["started_at"],
        "error": record["error"],
    }
    return page.line(record["specialist"], event, why, data, f"/{branch_id}")
