"""What a run gives back, read from its stored state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.types import StateSnapshot

from langgraph_quorum.state.records import BranchRecord, RunStatus


def is_new(snapshot: StateSnapshot) -> bool:
    """Whether nothing was ever stored for this thread."""
    return snapshot.created_at is None


def is_finished(snapshot: StateSnapshot) -> bool:
    """Whether the run has come to its end."""
    return not is_new(snapshot) and not snapshot.next


def open_questions(snapshot: StateSnapshot) -> dict[str, Any]:
    """What a human is asked, by interrupt id."""
    return {interrupt.id: interrupt.value for interrupt in snapshot.interrupts}


def waits_for_human(snapshot: StateSnapshot) -> bool:
    """Whether every task that is left waits for an answer, so that driving on would change nothing."""
    unfinished = [task for task in snapshot.tasks if task.result is None]
    return bool(unfinished) and all(task.interrupts for task in unfinished)


def status_of(snapshot: StateSnapshot) -> RunStatus:
    """How a run that nobody drives stands."""
    if is_finished(snapshot):
        status: RunStatus = snapshot.values.get("status", "approved")
        return status
    return "waiting" if waits_for_human(snapshot) else "interrupted"


def outcome_of(thread_id: str, snapshot: StateSnapshot, channels: list[str]) -> dict[str, Any]:
    """The run's output with its thread, its status, and the questions that are open.

    Args:
        thread_id: The thread.
        snapshot: The latest state.
        channels: Names of the graph's output.
    """
    values = snapshot.values
    outcome = {name: values[name] for name in channels if name in values}
    if "branches" in values or "active" in values:
        outcome["branches"] = {**values.get("branches", {}), **_unmerged(snapshot)}
    return {
        **outcome,
        "thread_id": thread_id,
        "status": status_of(snapshot),
        "interrupts": open_questions(snapshot),
    }


def _unmerged(snapshot: StateSnapshot) -> Mapping[str, BranchRecord]:
    """Branches of a fan-out that is under way: those that have ended, and those that ask a human."""
    found: dict[str, BranchRecord] = {}
    active = snapshot.values.get("active", [])
    for task in snapshot.tasks:
        if isinstance(task.result, Mapping) and isinstance(task.result.get("branches"), Mapping):
            found.update(task.result["branches"])
        elif task.interrupts and len(task.path) > 1 and isinstance(task.path[1], int) and task.path[1] < len(active):
            # The path of a `Send` carries its position in the fan-out, which is the branch's position in `active`.
            branch_id = active[task.path[1]]
            found[branch_id] = _awaiting(branch_id, task.name, snapshot)
    return found


def _awaiting(branch_id: str, specialist: str, snapshot: StateSnapshot) -> BranchRecord:
    groups = {item["branch_id"]: item.get("group", "") for item in snapshot.values.get("queue", [])}
    return BranchRecord(
        branch_id=branch_id,
        specialist=specialist,
        status="awaiting_human",
        result=None,
        error=None,
        reason="asks a human",
        attempts=1,
        seconds=0.0,
        waited_s=0.0,
        settled_s=0.0,
        started_at=None,
        round=snapshot.values.get("round", 0),
        group=groups.get(branch_id, ""),
        quality=None,
        release=None,
        points=[],
        missed={},
        excused=False,
        late=False,
        cost=None,
        work=[],
    )
