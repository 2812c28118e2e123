"""The load balancer: sends out again what is missing or weak, within bounds; never what is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from langgraph_quorum.nodes.checking.budget import BUDGET
from langgraph_quorum.nodes.checking.revision import begun
from langgraph_quorum.nodes.coordinator import FanOut
from langgraph_quorum.nodes.growth import Order
from langgraph_quorum.nodes.journal import entry, some, some_of
from langgraph_quorum.nodes.mending import choose_redo, errors_by_branch, has_succeeded, is_judged, score_of
from langgraph_quorum.nodes.questions import asked, parked
from langgraph_quorum.nodes.questions import explain as explain_questions
from langgraph_quorum.nodes.redistribution import Redistribution, redistributed
from langgraph_quorum.nodes.signatures import ThreadedNode
from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.policies import Policies, RecoveryPolicy
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import LoadMetrics, QuorumContext, QuorumState


def load_balancer_node(fan_out: FanOut, policies: Policies, order: Order) -> ThreadedNode:
    """The load balancer of one workflow. Not async: what splits work is the user's, and may block."""

    def load_balancer(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        load = state["load"]
        why = bound_met(load, policies.recovery) or budget_spent(state)
        room = room_for_attempts(load, policies.recovery)
        vain = in_vain(state)
        applied = replace(fan_out, points=fan_out.points.applied(runtime.context))
        mendable = [] if why else choose_redo(state, applied, is_vain=bool(vain))
        chosen = _whole(state, mendable, room)
        if not chosen:
            tight = f"what is left takes more than the {room} attempts that are left" if mendable else ""
            return _given_up(state, why or tight or vain or "nothing is left that trying again could mend")
        plan = redistributed(state, chosen, applied, policies.recovery, room)
        why = explain(plan, len(chosen))
        return {
            "redo": plan.sent,
            "queue": order(plan.queue),
            "round": state["round"] + 1,
            **_revision(state, chosen),
            "load": {
                **load,
                "rounds": load["rounds"] + 1,
                "redistributed": load["redistributed"] + len(chosen),
                "history": _history(state, chosen),
                "why": why,
            },
            "timeline": [entry(state, "load_balancer", "redistributed", why, **_told(plan))],
        }

    return load_balancer


def _given_up(state: QuorumState, why: str) -> dict[str, Any]:
    """Nothing is mended any more. Before the run ends with what there is, open questions are asked."""
    line = entry(state, "load_balancer", "gave_up", why)
    waiting = parked(state) if is_judged(state) else []
    if not waiting:
        return {"redo": [], "load": {**state["load"], "why": why}, "timeline": [line]}
    second = entry(state, "load_balancer", "asked", explain_questions(waiting))
    return {**asked(state, waiting), "timeline": [line, second]}


def _whole(state: QuorumState, chosen: Sequence[str], room: int | None) -> list[str]:
    """As many of the chosen branches as there is room for, each piece of one with what joins it."""
    owners = {item["branch_id"]: item["part_of"] for item in state["queue"] if "part_of" in item}
    sent: dict[str, None] = {}
    for name in chosen:
        more = dict.fromkeys([name, owners.get(name, name)])
        if room is None or len(sent.keys() | more.keys()) <= room:
            sent |= more
    return list(sent)


def room_for_attempts(load: LoadMetrics, policy: RecoveryPolicy) -> int | None:
    """Attempts that the policy leaves; None for any number."""
    return None if policy.attempts is None else policy.attempts - load["attempts"]


def bound_met(load: LoadMetrics, policy: RecoveryPolicy) -> str:
    """The bound of recovery that is used up, in words; "" when there is none."""
    if load["rounds"] >= policy.rounds:
        return f"all {policy.rounds} rounds of redistribution are used up"
    if policy.attempts is not None and load["attempts"] >= policy.attempts:
        return f"all {policy.attempts} attempts are used up"
    if load["seconds"] >= policy.seconds:
        return f"all {policy.seconds:g} seconds are used up"
    if load["cost"] >= policy.cost:
        return f"the cost of {policy.cost:g} is used up"
    return ""


def budget_spent(state: QuorumState) -> str:
    """What a check of the budget has found, in words; "" when there is none or it is kept."""
    found = [finding["message"] for finding in state["findings"] if finding["check"] == BUDGET]
    return "; ".join(found) if is_judged(state) else ""


def in_vain(state: QuorumState) -> str:
    """That the last revision has bettered nothing, in words; "" when it has, or there was none."""
    revision = state.get("revision")
    if revision is None or revision["judged"] != state["round"] or revision["came_to"] == "better":
        return ""
    outcome = "made it worse and was dropped" if revision["came_to"] == "worse" else "improved nothing"
    return f"the last revision {outcome}: {revision['why']}"


def _revision(state: QuorumState, chosen: Sequence[str]) -> dict[str, Any]:
    """What a revision is held against, and what those are told that are to do better than before.

    What the sync point misses is sent out to have anything to merge at all: that is no revision.
    """
    if state["merged"] is None or not is_judged(state):
        return {}
    wanting = errors_by_branch(state)
    guided = {
        name: [CheckFinding(**{**finding, "branches": [name]}) for finding in wanting[name]]
        for name in chosen
        if name in wanting and has_succeeded(state, name)
    }
    before = {name: state["branches"][name] for name in chosen if has_succeeded(state, name)}
    begin = begun(state["merged"], state["findings"], before)
    return {"revision": begin, "guidance": {**state.get("guidance", {}), **guided}}


def explain(plan: Redistribution, chosen: int) -> str:
    """What is done, in words."""
    parts = [f"missing or weak: {counted(chosen, 'branch', 'branches')}"]
    if plan.moved:
        parts.append(f"to their fallback or another specialist: {len(plan.moved)}")
    if plan.split:
        parts.append(f"in smaller pieces: {len(plan.split)}")
    if plan.longer:
        parts.append(f"with more time: {len(plan.longer)}")
    if plan.later:
        parts.append(f"not before the service wants it: {len(plan.later)}")
    return "; ".join(parts)


def _told(plan: Redistribution) -> dict[str, Any]:
    return {
        "total": len(plan.sent),
        "branches": some(plan.sent),
        "moved": some_of(plan.moved),
        "split": some(plan.split),
        "longer": some_of(plan.longer),
        "later": some_of(plan.later),
    }


def _history(state: QuorumState, redo: list[str]) -> dict[str, list[float]]:
    history = dict(state["load"]["history"])
    for branch_id in redo:
        history[branch_id] = [*history.get(branch_id, []), score_of(state["branches"].get(branch_id))]
    return history
