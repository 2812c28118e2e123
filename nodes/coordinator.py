"""The coordinator: decides which branches go out in this round, and makes a `Send` of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Send

from langgraph_quorum.nodes.journal import entry, task_of
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.state.branch import BranchCall, Wave
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.workflow import QuorumContext, QuorumState


def coordinator_node(sync: SyncPolicy) -> RuntimeNode:
    """The coordinator of one workflow."""

    async def coordinator(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        queue, round_number = state["queue"], state["round"]
        minimum = QuorumContext.of(runtime.context).applied_to(sync).minimum
        if minimum > len(queue):
            raise PlanError(f"minimum={minimum}, but there are only {len(queue)} branches: lower it or add work")
        strangers = sorted(set(sync.must) - {item["branch_id"] for item in queue})
        if strangers:
            raise PlanError(f"must names {strangers[0]!r}, which is not in the work: name branches that are")
        again = set(state["redo"])
        sent = [item for item in queue if not round_number or item["branch_id"] in again]
        active = [item["branch_id"] for item in sent]
        why = "first fan-out" if not round_number else state["load"]["why"]
        high = [item["branch_id"] for item in sent if item.get("priority") == "high"]
        return {
            "active": active,
            "timeline": [entry(state, "coordinator", "fan_out", why, branches=active, high_priority=high)],
        }

    return coordinator


def dispatch(sync: SyncPolicy) -> Callable[[QuorumState], list[Send]]:
    """The edge from the coordinator: one `Send` for each active branch, to its specialist's node, in order."""

    def to_specialists(state: QuorumState) -> list[Send]:
        active, wave, task = set(state["active"]), _wave(state, sync), task_of(state)
        items = [item for item in state["queue"] if item["branch_id"] in active]
        sends = []
        for order, item in enumerate(items):
            inputs, waits_for = _prerequisites(state, item, active)
            call = BranchCall(item=item, task=task, order=order, inputs=inputs, waits_for=waits_for, wave=wave)
            sends.append(Send(item["specialist"], call))
        return sends

    return to_specialists


def _wave(state: QuorumState, sync: SyncPolicy) -> Wave:
    mode, active = state["mode"], set(state["active"])
    earlier = {
        branch_id
        for branch_id, record in state.get("branches", {}).items()
        if branch_id not in active and record["status"] == "succeeded"
    }
    return Wave(
        point=sync.name,
        round=state["round"],
        total=len(active),
        earlier=len(earlier),
        must=[name for name in sync.must if name not in earlier],
        mode=mode["mode"],
        at_once=mode["at_once"],
        ceiling=mode["ceiling"],
        cpu_at_once=mode["cpu_at_once"],
    )


def _prerequisites(state: QuorumState, item: WorkItem, active: set[str]) -> tuple[dict[str, Any], list[str]]:
    """Results that prerequisites have so far, and the prerequisites that go out in the same fan-out."""
    named = item.get("depends_on", [])
    if not named:
        return {}, []
    branches = state.get("branches", {})
    inputs = {
        name: branches[name]["result"] for name in named if name in branches and branches[name]["status"] == "succeeded"
    }
    return inputs, [name for name in named if name in active]
