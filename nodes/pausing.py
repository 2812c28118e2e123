"""Pauses: nodes of their own in which a run stops and asks a person whether it is to go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import islice
from typing import Any

from langgraph.runtime import Runtime

from langgraph_quorum.nodes.journal import SHOWN, entry, some, task_of
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.outcome import ended
from langgraph_quorum.nodes.reviewing.answers import Decision, Kind, UnfitAnswerError, mend, understood
from langgraph_quorum.nodes.reviewing.asking import GivenUpError, asked
from langgraph_quorum.nodes.reviewing.expiry import beginning, begins, judged, times
from langgraph_quorum.nodes.reviewing.question import QuestionForm, question
from langgraph_quorum.nodes.reviewing.retrying import check_branches, redone
from langgraph_quorum.nodes.reviewing.summary import answers, missing_of, summary
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.state.policies import Pause, Policies
from langgraph_quorum.state.records import ErrorRecord
from langgraph_quorum.state.workflow import LoadMetrics, QuorumContext, QuorumState

ACTION = "go_on"
_ALLOWED: tuple[Kind, ...] = ("approve", "retry", "reject")
_TITLES: dict[Pause, str] = {
    "sync_point": "Go on with what has come in?",
    "validator": "Go on to the checks with this result?",
}


def pause_name(where: Pause) -> str:
    """The name of the node that pauses before this one."""
    return f"before_{where}"


def pausing_node(where: Pause, policies: Policies, form: QuestionForm = "request") -> RuntimeNode:
    """The pause before one node. Answers: go on (approve), do branches once more (retry), stop (reject)."""
    node = pause_name(where)

    async def pausing(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        del runtime
        if begins(state, node, policies.review):
            return await beginning(state, node, policies.review)

        async def read(answer: Any) -> Decision:
            decision = await judged(understood(answer, _ALLOWED), state, node, policies.review)
            if decision is None:
                raise UnfitAnswerError(f"the time to answer is not up: {mend(_ALLOWED)}")
            check_branches(decision.branches, _known(state, where))
            return decision

        try:
            decision = await asked(lambda complaint: _question(state, complaint, where, policies, form), read)
        except GivenUpError as error:
            decision = Decision("reject", str(error))
        return _written(state, decision, where)

    return pausing


def _known(state: QuorumState, where: Pause) -> list[str]:
    """Branches that may be done once more: before the sync point only those that it is about to count."""
    return state["active"] if where == "sync_point" else [item["branch_id"] for item in state["queue"]]


def _written(state: QuorumState, decision: Decision, where: Pause) -> dict[str, Any]:
    node = pause_name(where)
    if decision.kind == "reject":
        why = decision.message or "a human stopped it"
        error = ErrorRecord(type="Rejected", message=why, transient=False)
        merged = state["merged"] if where == "validator" else None
        known: QuorumState = {**state, "merged": merged or merge([], failed=_without_result(state))}
        return {"redo": [], **ended(known, node, "critical_failure", why, error)}
    if decision.kind == "retry":
        change = redone(state, decision.branches, decision.message)
        line = entry(state, node, "retried", change["load"]["why"], branches=some(change["redo"]))
        if where == "sync_point":
            change["load"] = _counted(state, change["load"], change["redo"])
        return {**change, "timeline": [line]}
    return {"redo": [], "timeline": [entry(state, node, "went_on", decision.message or "a human let it go on")]}


def _counted(state: QuorumState, load: LoadMetrics, again: Collection[str]) -> LoadMetrics:
    """What the fan-out has cost. The sync point counts one only when it moves on, and then the one that follows."""
    records = [state["branches"][name] for name in state["active"]]
    kept = len(records) - len(again)  # the sync point takes those for tried once more
    return {
        **load,
        "attempts": load["attempts"] + sum(record["attempts"] for record in records) - kept,
        "cost": load["cost"] + sum(record["cost"] or 0.0 for record in records),
        "seconds": load["seconds"] + max((record["settled_s"] for record in records), default=0.0),
    }


def _without_result(state: QuorumState) -> list[str]:
    branches = state["branches"]
    return [
        item["branch_id"]
        for item in state["queue"]
        if item["branch_id"] not in branches or branches[item["branch_id"]]["status"] != "succeeded"
    ]


def _question(
    state: QuorumState, complaint: str, where: Pause, policies: Policies, form: QuestionForm
) -> dict[str, Any]:
    branches = state["branches"]
    merged = state["merged"] if where == "validator" else None
    missing = missing_of(branches, _without_result(state))
    until, on_expiry = times(state, pause_name(where)), policies.review.on_expiry
    parts = [
        summary(
            _TITLES[where], merged, task=task_of(state), findings=None, sides=[], branches=branches, missing=missing
        ),
        answers(_ALLOWED, until.get("expires_at"), on_expiry),
    ]
    review = {
        "kind": "pause",
        "before": where,
        "complaint": complaint,
        "quality": None if merged is None else merged["quality"],
        "confidence_interval": None if merged is None else merged["confidence_interval"],
        "branches": {name: record["status"] for name, record in islice(branches.items(), SHOWN)},
        "statuses": dict(Counter(record["status"] for record in branches.values())),
        "missing": missing,
        **until,
        "on_expiry": on_expiry if until else None,
    }
    description = "\n\n".join([f"**{complaint}**", *parts] if complaint else parts)
    args: dict[str, Any] = {"retry": [], "message": ""}
    known = _known(state, where)
    return question(ACTION, args, description, review=review, allowed=_ALLOWED, branches=known, form=form)
