"""The load balancer: sends out again what is missing or weak, within bounds; never what is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph_quorum.nodes.journal import entry
from langgraph_quorum.nodes.signatures import PlainNode
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.policies import ValidationPolicy
from langgraph_quorum.state.records import BranchRecord, WorkItem
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import LoadMetrics, QuorumState


def load_balancer_node(specialists: Mapping[str, Specialist], policy: ValidationPolicy) -> PlainNode:
    """The load balancer of one workflow."""

    def load_balancer(state: QuorumState) -> dict[str, Any]:
        load = state["load"]
        redo = choose_redo(state, specialists, policy) if load["rounds"] < policy.rounds else []
        if not redo:
            why = "nothing is left that trying again could mend"
            if load["rounds"] >= policy.rounds:
                why = f"all {policy.rounds} rounds of redistribution are used up"
            return {
                "redo": [],
                "load": {**load, "why": why},
                "timeline": [entry(state, "load_balancer", "gave_up", why)],
            }
        queue, moved = _rerouted(state, redo, specialists)
        why = f"missing or weak: {counted(len(redo), 'branch', 'branches')}"
        why += f", of which to their fallback: {len(moved)}" if moved else ""
        return {
            "redo": redo,
            "queue": queue,
            "round": state["round"] + 1,
            "load": LoadMetrics(
                rounds=load["rounds"] + 1,
                redistributed=load["redistributed"] + len(redo),
                history=_history(state, redo),
                why=why,
            ),
            "timeline": [entry(state, "load_balancer", "redistributed", why, branches=redo, to_fallback=moved)],
        }

    return load_balancer


def choose_redo(state: QuorumState, specialists: Mapping[str, Specialist], policy: ValidationPolicy) -> list[str]:
    """Branches that trying again could mend, in order of fan-out.

    Before the first verdict: whatever is missing. After it: only what its findings name. A success is redone only when
    it is weak, its specialist is not deterministic, and the last redo improved it.
    """
    named = _named(state)
    chosen: list[str] = []
    for item in state["queue"]:
        branch_id, record = item["branch_id"], state["branches"].get(item["branch_id"])
        if named and branch_id not in named:
            continue
        if record is not None and record["status"] == "succeeded":
            mendable = bool(named) and _is_weak(state, record, specialists[record["specialist"]], policy)
        else:
            permanent = record is not None and record["error"] is not None and not record["error"]["transient"]
            fed = all(name in chosen or _succeeded(state, name) for name in item.get("depends_on", []))
            mendable = fed and not permanent and not _hangs(state, record, specialists[item["specialist"]])
        if mendable:
            chosen.append(branch_id)
    return chosen


def _named(state: QuorumState) -> set[str]:
    """Branches that the validator's findings name, and what these wait for as far as it is missing."""
    named = {branch_id for finding in state.get("findings", []) for branch_id in finding["branches"]}
    for item in reversed(state["queue"]):
        if item["branch_id"] in named and not _succeeded(state, item["branch_id"]):
            named.update(name for name in item.get("depends_on", []) if not _succeeded(state, name))
    return named


def _succeeded(state: QuorumState, branch_id: str) -> bool:
    record = state["branches"].get(branch_id)
    return record is not None and record["status"] == "succeeded"


def _hangs(state: QuorumState, record: BranchRecord | None, specialist: Specialist) -> bool:
    """Whether it ran out of time, was sent out once more, ran out of time again, and nobody can stand in for it."""
    if record is None or record["status"] != "timed_out" or specialist.fallback is not None:
        return False
    return record["branch_id"] in state["load"]["history"]


def _is_weak(state: QuorumState, record: BranchRecord, specialist: Specialist, policy: ValidationPolicy) -> bool:
    score = _score(record)
    if specialist.deterministic or score < 0 or score >= policy.quality:
        return False
    earlier = state["load"]["history"].get(record["branch_id"], [])
    return not earlier or score > earlier[-1]


def _score(record: BranchRecord | None) -> float:
    """The measured score, -1 without one."""
    if record is None or record["status"] != "succeeded" or record["quality"] is None:
        return -1.0
    score = record["quality"]["score"]
    return -1.0 if score is None else score


def _history(state: QuorumState, redo: list[str]) -> dict[str, list[float]]:
    history = dict(state["load"]["history"])
    for branch_id in redo:
        history[branch_id] = [*history.get(branch_id, []), _score(state["branches"].get(branch_id))]
    return history


def _rerouted(
    state: QuorumState, redo: list[str], specialists: Mapping[str, Specialist]
) -> tuple[list[WorkItem], list[str]]:
    """The queue with branches whose specialist ran out of time given to its fallback."""
    queue: list[WorkItem] = []
    moved: list[str] = []
    for item in state["queue"]:
        record = state["branches"].get(item["branch_id"])
        fallback = specialists[item["specialist"]].fallback
        if item["branch_id"] in redo and fallback and record is not None and record["status"] == "timed_out":
            moved.append(item["branch_id"])
            queue.append({**item, "specialist": fallback})
        else:
            queue.append(item)
    return queue, moved
