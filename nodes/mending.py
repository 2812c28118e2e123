"""What trying again could mend: branches that are missing, and successes that errors name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.coordinator import FanOut
from langgraph_quorum.nodes.postponing import is_out_of_reach
from langgraph_quorum.nodes.redistribution import smaller, stands_in
from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.records import BranchRecord, WorkItem
from langgraph_quorum.state.workflow import QuorumState

BY_SCORE = frozenset({"quality", "quorum"})
"""Checks that name a success because of its score."""


def is_judged(state: QuorumState) -> bool:
    """Whether the validator has judged the results as they now stand."""
    return state["merged"] is not None and state.get("merged_round") == state["round"]


def errors_by_branch(state: QuorumState) -> dict[str, list[CheckFinding]]:
    """By branch, the errors that name it."""
    wanting: dict[str, list[CheckFinding]] = {}
    for finding in state["findings"]:
        for name in finding["branches"] if finding["severity"] == "error" else ():
            wanting.setdefault(name, []).append(finding)
    return wanting


def choose_redo(state: QuorumState, fan_out: FanOut, *, is_vain: bool = False) -> list[str]:
    """Branches that trying again could mend, in order of fan-out.

    Before the first verdict: whatever sync points miss that fell short. After it: only what its errors name. A success
    is redone only when its specialist is not deterministic, and the last redo has bettered it. What a person has edited
    is left as it is.

    Args:
        state: The run.
        fan_out: Of the workflow.
        is_vain: Whether the last revision has bettered nothing: then only what is missing is tried again.
    """
    judged = is_judged(state)
    wanting = errors_by_branch(state) if judged else {}
    named = _with_prerequisites(state, wanting if judged else _of_short_points(state, fan_out))
    chosen: list[str] = []
    for item in state["queue"]:
        branch_id, record = item["branch_id"], state["branches"].get(item["branch_id"])
        if branch_id not in named or (record is not None and record.get("edited")):
            continue
        if record is not None and record["status"] == "succeeded":
            worth = not is_vain and not item.get("joins")
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
        if item["branch_id"] in named and not has_succeeded(state, item["branch_id"]):
            named.update(name for name in item.get("depends_on", []) if not has_succeeded(state, name))
    return named


def has_succeeded(state: QuorumState, branch_id: str) -> bool:
    """Whether there is a result of this branch."""
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
    possible = {name for name in counted_by if name in chosen or has_succeeded(state, name)}
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
    stays = record["error"] is not None and not record["error"]["transient"]
    if stays or is_out_of_reach(item, record, fan_out):
        return other is None
    again = len(state["load"]["history"].get(item["branch_id"], []))
    # Once more with more time; when that was too little too, only somebody else or smaller pieces can help.
    late = record["status"] == "timed_out" and again > 0 and other is None
    return late and not smaller(state, item, fan_out.seats)


def _may_do_better(state: QuorumState, record: BranchRecord, fan_out: FanOut, wanting: Sequence[CheckFinding]) -> bool:
    """Whether a success that errors name is worth another try. Of its quality it is, when that was measured."""
    if not wanting or fan_out.seats[record["specialist"]].specialist.deterministic:
        return False
    branch_id, score = record["branch_id"], score_of(record)
    if score < 0 and all(finding["check"] in BY_SCORE for finding in wanting):
        return False
    before = state.get("guidance", {}).get(branch_id)
    if before is None:
        return True
    return score > state["load"]["history"].get(branch_id, [-1.0])[-1] or len(wanting) < len(before)


def score_of(record: BranchRecord | None) -> float:
    """The measured score, -1 without one."""
    if record is None or record["status"] != "succeeded" or record["quality"] is None:
        return -1.0
    score = record["quality"]["score"]
    return -1.0 if score is None else score
