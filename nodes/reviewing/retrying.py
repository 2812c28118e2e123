"""Branches that a human wants done once more, with what the human said as guidance."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.checking.revision import begun
from langgraph_quorum.nodes.journal import SHOWN
from langgraph_quorum.nodes.mending import has_succeeded, is_judged
from langgraph_quorum.nodes.reviewing.answers import UnfitAnswerError
from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.words import counted, suggestion
from langgraph_quorum.state.workflow import QuorumState, Revision

CHECK = "human"
"""Under this name, in place of a check's, stands what a human wants bettered."""


def check_branches(names: Sequence[str], known: Collection[str]) -> None:
    """Refuse a name that no branch has.

    Raises:
        UnfitAnswerError: naming it, and the one that was probably meant.
    """
    there = set(known)
    for name in names:
        if name not in there:
            mend = suggestion(name, there) if len(there) <= SHOWN else f"none of {len(there)} is called so"
            raise UnfitAnswerError(f"there is no branch {name!r}: {mend}")


def check_pick(state: QuorumState, branch_id: str) -> None:
    """Refuse a branch that has no result to pick.

    Raises:
        UnfitAnswerError: naming it, and why.
    """
    check_branches([branch_id], [item["branch_id"] for item in state["queue"]])
    record = state["branches"].get(branch_id)
    if record is None or record["status"] != "succeeded":
        why = "it never ran" if record is None else f"{record['status']}, {record['reason']}"
        raise UnfitAnswerError(f"branch {branch_id!r} has no result to pick ({why}): pick one that succeeded")


def redone(state: QuorumState, names: Sequence[str], message: str) -> dict[str, Any]:
    """The update that sends these branches out once more, and with them what they wait for and lack.

    What the load balancer may still do is not touched by it: a human's round is not counted among its rounds. A new
    result takes the place of the old one, whatever its score.
    """
    sent = _with_what_they_need(state, names)
    for branch_id in sent:
        harvest.give_up(state["workflow_id"], branch_id)  # it was not told what the human says
    load = state["load"]
    told = {
        name: [CheckFinding(check=CHECK, severity="error", message=message, branches=[name])]
        for name in names
        if message and name in state["branches"]
    }
    history = {name: [*load["history"].get(name, []), _score(state["branches"].get(name))] for name in sent}
    why = f"a human wants {counted(len(sent), 'branch', 'branches')} done once more" + (f": {message}" * bool(message))
    return {
        "redo": sent,
        "round": state["round"] + 1,
        "guidance": {**state.get("guidance", {}), **told},
        "revision": None,
        "load": {**load, "history": {**load["history"], **history}, "why": why},
    }


def judged_before(state: QuorumState, sent: Sequence[str]) -> Revision | None:
    """What stands again where the new results of these branches would fail the run, which the validator has judged."""
    merged = state["merged"]
    if merged is None or not is_judged(state):
        return None
    before = {name: state["branches"][name] for name in sent if has_succeeded(state, name)}
    return begun(merged, state["findings"], before, by_human=True)


def _with_what_they_need(state: QuorumState, names: Sequence[str]) -> list[str]:
    """In order of fan-out: these branches, the pieces that one of them joins or is of, and missing prerequisites."""
    wanted = set(names)
    for item in reversed(state["queue"]):
        if item["branch_id"] in wanted:
            wanted.update(name for name in item.get("depends_on", []) if _is_missing(state, name))
    owners = {item["part_of"] for item in state["queue"] if "part_of" in item and item["branch_id"] in wanted}
    return [
        item["branch_id"]
        for item in state["queue"]
        if item["branch_id"] in wanted | owners or item.get("part_of") in set(names)
    ]


def _is_missing(state: QuorumState, name: str) -> bool:
    record: BranchRecord | None = state["branches"].get(name)
    return record is None or not (record["status"] == "succeeded" or record["excused"])


def _score(record: BranchRecord | None) -> float:
    """The measured score, -1 without one, as the load balancer keeps it."""
    if record is None or record["status"] != "succeeded" or record["quality"] is None:
        return -1.0
    score = record["quality"]["score"]
    return -1.0 if score is None else score
