"""The load balancer: sends out again what is missing or weak, within bounds; never what is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.checking.budget import BUDGET
from langgraph_quorum.nodes.checking.revision import begun
from langgraph_quorum.nodes.coordinator import FanOut
from langgraph_quorum.nodes.growth import Order
from langgraph_quorum.nodes.journal import entry, some
from langgraph_quorum.nodes.questions import asked, parked
from langgraph_quorum.nodes.questions import explain as explain_questions
from langgraph_quorum.nodes.redistribution import Redistribution, redistributed, smaller, stands_in
from langgraph_quorum.nodes.signatures import PlainNode
from langgraph_quorum.state.policies import Policies, RecoveryPolicy
from langgraph_quorum.state.records import BranchRecord, CheckFinding, WorkItem
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import LoadMetrics, QuorumState

BY_SCORE = frozenset({"quality", "quorum"})
"""Checks that name a success because of its score."""


def load_balancer_node(fan_out: FanOut, policies: Policies, order: Order) -> PlainNode:
    """The load balancer of one workflow."""

    def load_balancer(state: QuorumState) -> dict[str, Any]:
        load = state["load"]
        why = bound_met(load, policies.recovery) or budget_spent(state)
        room = room_for_attempts(load, policies.recovery)
        chosen = [] if why else _whole(state, choose_redo(state, fan_out)[:room])
        if not chosen:
            return _given_up(state, why or in_vain(state) or "nothing is left that trying again could mend")
        plan = redistributed(state, chosen, fan_out.seats, policies.recovery, room)
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
    return {"revision": None, **asked(state, waiting), "timeline": [line, second]}


def is_judged(state: QuorumState) -> bool:
    """Whether the validator has judged the results as they now stand."""
    return state["merged"] is not None and state.get("merged_round") == state["round"]


def _whole(state: QuorumState, chosen: list[str]) -> list[str]:
    """The chosen branches, with those whose pieces are among them: a piece goes out with what joins it."""
    sent = set(chosen)
    owners = {item["part_of"] for item in state["queue"] if "part_of" in item and item["branch_id"] in sent}
    return [*chosen, *(item["branch_id"] for item in state["queue"] if item["branch_id"] in owners - sent)]


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
    wanting = _wanting(state)
    guided = {
        name: [CheckFinding(**{**finding, "branches": [name]}) for finding in wanting[name]]
        for name in chosen
        if name in wanting and _succeeded(state, name)
    }
    begin = begun(state["merged"], state["findings"], {name: state["branches"][name] for name in guided})
    return {"revision": begin, "guidance": {**state.get("guidance", {}), **guided}}


def _wanting(state: QuorumState) -> dict[str, list[CheckFinding]]:
    """By branch, the errors that name it."""
    wanting: dict[str, list[CheckFinding]] = {}
    for finding in state["findings"]:
        for name in finding["branches"] if finding["severity"] == "error" else ():
            wanting.setdefault(name, []).append(finding)
    return wanting


def explain(plan: Redistribution, chosen: int) -> str:
    """What is done, in words."""
    parts = [f"missing or weak: {counted(chosen, 'branch', 'branches')}"]
    if plan.moved:
        parts.append(f"to their fallback or another specialist: {len(plan.moved)}")
    if plan.split:
        parts.append(f"in smaller pieces: {len(plan.split)}")
    if plan.longer:
        parts.append(f"with more time: {len(plan.longer)}")
    return "; ".join(parts)


def _told(plan: Redistribution) -> dict[str, Any]:
    return {
        "total": len(plan.sent),
        "branches": some(plan.sent),
        "moved": plan.moved,
        "split": some(plan.split),
        "longer": plan.longer,
    }


def choose_redo(state: QuorumState, fan_out: FanOut) -> list[str]:
    """Branches that trying again could mend, in order of fan-out.

    Before the first verdict: whatever sync points miss that fell short. After it: only what its errors name. A success
    is redone only when its specialist is not deterministic, the last redo has bettered it, and the last revision the
    whole. What is missing is tried again until its bounds are met.
    """
    judged, over = is_judged(state), bool(in_vain(state))
    wanting = _wanting(state) if judged else {}
    named = _with_prerequisites(state, wanting if judged else _of_short_points(state, fan_out))
    chosen: list[str] = []
    for item in state["queue"]:
        branch_id, record = item["branch_id"], state["branches"].get(item["branch_id"])
        if branch_id not in named:
            continue
        if record is not None and record["status"] == "succeeded":
            worth = not over and not item.get("joins")
            mendable = worth and _may_do_better(state, record, fan_out, wanting.get(branch_id, []))
        else:
            mendable = harvest.holds(state["workflow_id"], branch_id) or (
                _is_fed(state, item, chosen, fan_out) and not _is_hopeless(state, item, record, fan_out)
            )
        if mendable:
            chosen.append(branch_id)
    return chosen


def _of_short_points(state: QuorumState, fan_out: FanOut) -> list[str]:
    """All branches that count for a sync point whose last decision was that it has too little."""
    last = {decision["point"]: decision["status"] for decision in state["sync"]}
    short = {point for point, status in last.items() if status == "timeout_recovery"}
    return [item["branch_id"] for item in state["queue"] if not short.isdisjoint(fan_out.awaiting(item))]


def _with_prerequisites(state: QuorumState, branch_ids: Iterable[str]) -> set[str]:
    """These branches, and what they wait for as far as it is missing."""
    named = set(branch_ids)
    for item in reversed(state["queue"]) if named else ():
        if item["branch_id"] in named and not _succeeded(state, item["branch_id"]):
            named.update(name for name in item.get("depends_on", []) if not _succeeded(state, name))
    return named


def _succeeded(state: QuorumState, branch_id: str) -> bool:
    record = state["branches"].get(branch_id)
    return record is not None and record["status"] == "succeeded"


def _is_met(state: QuorumState, branch_id: str) -> bool:
    """Whether nobody need wait for it: it has succeeded, or was excused."""
    record = state["branches"].get(branch_id)
    return record is not None and (record["status"] == "succeeded" or record["excused"])


def _is_fed(state: QuorumState, item: WorkItem, chosen: Sequence[str], fan_out: FanOut) -> bool:
    """Whether its prerequisites are done, or are sent out again with it."""
    for name in item.get("depends_on", []):
        if name in chosen or _is_met(state, name):
            continue
        if name not in fan_out.points.policies or not _is_viable(state, name, chosen, fan_out):
            return False
    return True


def _is_viable(state: QuorumState, point: str, chosen: Sequence[str], fan_out: FanOut) -> bool:
    """Whether a sync point can have the successes without which nothing can be built on it."""
    policy = fan_out.points.policies[point]
    counted_by = [item["branch_id"] for item in state["queue"] if point in fan_out.counting(item)]
    possible = {name for name in counted_by if name in chosen or _succeeded(state, name)}
    if not possible and all(_is_met(state, name) for name in counted_by):
        return True  # all were excused
    missing = set(policy.must) - possible
    return len(possible) >= policy.minimum and all(_is_met(state, name) for name in missing)


def _is_hopeless(state: QuorumState, item: WorkItem, record: BranchRecord | None, fan_out: FanOut) -> bool:
    """Whether it was excused, asks a human, or ended in a way that trying again does not change."""
    if record is None:
        return False
    if record["excused"] or record["status"] == "awaiting_human":
        return True
    other = stands_in(item, record, fan_out.seats)
    if record["error"] is not None and not record["error"]["transient"]:
        return other is None
    again = len(state["load"]["history"].get(item["branch_id"], []))
    # Once more with more time; when that was too little too, only somebody else or smaller pieces can help.
    late = record["status"] == "timed_out" and again > 0 and other is None
    return late and not smaller(state, item, fan_out.seats)


def _may_do_better(state: QuorumState, record: BranchRecord, fan_out: FanOut, wanting: Sequence[CheckFinding]) -> bool:
    """Whether a success that errors name is worth another try. Of its quality it is, when that was measured."""
    if not wanting or fan_out.seats[record["specialist"]].specialist.deterministic:
        return False
    branch_id, score = record["branch_id"], _score(record)
    if score < 0 and all(finding["check"] in BY_SCORE for finding in wanting):
        return False
    before = state.get("guidance", {}).get(branch_id)
    if before is None:
        return True
    return score > state["load"]["history"][branch_id][-1] or len(wanting) < len(before)


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
