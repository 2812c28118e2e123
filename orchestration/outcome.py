"""What a run gives back, read from its stored state."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from langgraph.types import PregelTask, StateSnapshot

from langgraph_quorum.state.merged import Merged
from langgraph_quorum.state.records import BranchRecord, RunStatus, blank_record

_FRESH = frozenset({"branches", "sync", "timeline"})
"""Fields that join by a reducer: a state of ours, as its graph reads it, has them from the start, empty at first."""
_BEGUN = frozenset({"workflow_id", "timeline", "load"})
"""Fields that a state of ours has from its first node on, also as it is stored."""
UNSET: Mapping[str, Any] = {
    "workflow_id": "",
    "verdict": None,
    "result": None,
    "quality": None,
    "confidence_interval": None,
    "attribution": [],
    "sources": [],
    "partial": False,
    "failed": [],
    "pending": [],
    "findings": [],
    "error": None,
    "sync": [],
    "timeline": [],
    "messages": [],
}
"""Fields of the output of a run that has not come to its first node."""


def ours(values: Mapping[str, Any]) -> bool:
    """Whether this is the state of a workflow made by `build_workflow`, so that its fields mean what ours mean."""
    return values.keys() >= _FRESH or values.keys() >= _BEGUN


def is_new(snapshot: StateSnapshot) -> bool:
    """Whether nothing was ever stored for this thread."""
    return snapshot.created_at is None


def is_finished(snapshot: StateSnapshot) -> bool:
    """Whether the run has come to its end.

    `next` does not tell: it leaves out tasks that are done, and after a kill those of the last step may all be, while
    the checkpoint that follows from them was never written.
    """
    return not is_new(snapshot) and not snapshot.tasks


def open_questions(snapshot: StateSnapshot) -> dict[str, Any]:
    """What a human is asked, by interrupt id."""
    return {interrupt.id: interrupt.value for interrupt in snapshot.interrupts}


def waits_for_human(snapshot: StateSnapshot) -> bool:
    """Whether every task that is left asks, or waits for one that does, so that driving on would change nothing."""
    unfinished = [task for task in snapshot.tasks if task.result is None]
    asking = [task for task in unfinished if task.interrupts]
    if len(asking) == len(unfinished):
        return bool(unfinished)
    waiting = _waiting(snapshot) if asking else {}
    return bool(waiting) and len(waiting) == len(unfinished)


def status_of(snapshot: StateSnapshot) -> RunStatus:
    """How a run that nobody drives stands. A graph of the user's own is `approved` when it has come to its end."""
    if is_finished(snapshot):
        status: RunStatus = snapshot.values.get("status", "approved") if ours(snapshot.values) else "approved"
        return status
    return "waiting" if waits_for_human(snapshot) else "interrupted"


def outcome_of(
    thread_id: str, snapshot: StateSnapshot, channels: list[str], *, status: RunStatus, reason: str | None = None
) -> dict[str, Any]:
    """The run's output with its thread, its status, and the questions that are open.

    The outcome of a workflow has every key, whatever became of the run. These keys are always ours. Where a graph of
    the user's own has fields of the same names, those are under `values`, by their names, together with its field
    `values` if it has one.

    Args:
        thread_id: The thread.
        snapshot: The latest state.
        channels: Names of the graph's output.
        status: How the run stands.
        reason: Why it failed; None leaves that key out.
    """
    values = snapshot.values
    outcome = {name: values[name] for name in channels if name in values}
    standing: dict[str, Any] = {"thread_id": thread_id, "status": status, "interrupts": open_questions(snapshot)}
    if reason is not None:
        standing["reason"] = reason
    if ours(values) or (not values and ours(dict.fromkeys(channels))):
        unset = {name: copy.copy(UNSET[name]) for name in channels if name in UNSET}
        reached = {} if is_finished(snapshot) else so_far(values, asked=status == "waiting")
        known = {**unset, **outcome, **{name: value for name, value in reached.items() if name in channels}}
        return {**known, "branches": {**values.get("branches", {}), **_unmerged(snapshot)}, **standing}
    if outcome.keys() & standing.keys():
        taken = {name: outcome.pop(name) for name in [*standing, "values"] if name in outcome}
        outcome["values"] = taken
    return {**outcome, **standing}


def so_far(values: Mapping[str, Any], *, asked: bool) -> dict[str, Any]:
    """What a run of ours that has not ended says of its result.

    Args:
        values: Its state.
        asked: Whether it waits for a human: what has been merged by then is what it is asked about, or stands beside
            that. Otherwise, and before the first merge, there is no result and no quality yet.
    """
    merged: Merged | None = values.get("merged") if asked else None
    if merged is None:
        return {"result": None, "quality": None, "confidence_interval": None, "attribution": []}
    return {
        "result": merged["value"],
        "quality": merged["quality"],
        "confidence_interval": merged["confidence_interval"],
        "attribution": merged["attribution"],
    }


def _unmerged(snapshot: StateSnapshot) -> Mapping[str, BranchRecord]:
    """Branches of a fan-out that is under way: those that have ended, and those that ask a human."""
    found: dict[str, BranchRecord] = {}
    for task in snapshot.tasks:
        if isinstance(task.result, Mapping) and isinstance(task.result.get("branches"), Mapping):
            found.update(task.result["branches"])
    for branch_id, task in _waiting(snapshot).items():
        found[branch_id] = _awaiting(branch_id, task.name, snapshot)
    return found


def _waiting(snapshot: StateSnapshot) -> dict[str, PregelTask]:
    """Tasks of a fan-out whose branch asks a human, or depends on one that does, by branch id."""
    active = snapshot.values.get("active", []) if ours(snapshot.values) else []
    unfinished: dict[str, PregelTask] = {}
    for task in snapshot.tasks:
        # The path of a `Send` carries its position in the fan-out, which is the branch's position in `active`.
        position = task.path[1] if len(task.path) > 1 else None
        if task.result is None and isinstance(position, int) and position < len(active):
            unfinished[active[position]] = task
    waiting = {branch_id: task for branch_id, task in unfinished.items() if task.interrupts}
    queue = snapshot.values.get("queue", []) if waiting else []
    branches = {item["branch_id"] for item in queue}
    for item in queue:  # prerequisites come first; a sync point waits with the branch that asks
        branch_id = item["branch_id"]
        if branch_id in unfinished and any(
            name in waiting or name not in branches for name in item.get("depends_on", [])
        ):
            waiting[branch_id] = unfinished[branch_id]
    return waiting


def _awaiting(branch_id: str, specialist: str, snapshot: StateSnapshot) -> BranchRecord:
    groups = {item["branch_id"]: item.get("group", "") for item in snapshot.values.get("queue", [])}
    return {
        **blank_record(branch_id, specialist, "awaiting_human"),
        "reason": "asks a human",
        "round": snapshot.values.get("round", 0),
        "group": groups.get(branch_id, ""),
    }
