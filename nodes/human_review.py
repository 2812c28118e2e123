"""Human review: shows a person the merged result, and does what the person decides."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph.runtime import Runtime

from langgraph_quorum.nodes.artifacts.shelf import Shelf, shelf_of
from langgraph_quorum.nodes.journal import SHOWN, entry, some, task_of
from langgraph_quorum.nodes.outcome import ended
from langgraph_quorum.nodes.reviewing.answers import Decision, Kind, UnfitAnswerError, mend, understood
from langgraph_quorum.nodes.reviewing.asking import GivenUpError, asked
from langgraph_quorum.nodes.reviewing.disagreement import disagreements
from langgraph_quorum.nodes.reviewing.editing import ValueCheck, check_value, edited, edited_value, picked
from langgraph_quorum.nodes.reviewing.expiry import beginning, begins, judged, times
from langgraph_quorum.nodes.reviewing.question import QuestionForm, question
from langgraph_quorum.nodes.reviewing.retrying import check_branches, check_pick, judged_before, redone
from langgraph_quorum.nodes.reviewing.summary import answers, missing_of, not_taken, summary
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.state.merged import Merged
from langgraph_quorum.state.policies import Policies
from langgraph_quorum.state.records import ErrorRecord
from langgraph_quorum.state.workflow import QuorumContext, QuorumState

NODE = "human_review"
ACTION = "approve_result"
_ALLOWED: tuple[Kind, ...] = ("approve", "edit", "pick", "retry", "reject")


def human_review_node(
    policies: Policies, check: ValueCheck | None = None, form: QuestionForm = "request"
) -> RuntimeNode:
    """The human review of one workflow.

    Args:
        policies: `review` says until when it asks, `weight` how a picked result is weighed.
        check: Holds an edited value against what is asked of it; by default any JSON will do.
        form: Which front ends the question is for.
    """

    async def human_review(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        if begins(state, NODE, policies.review):
            return await beginning(state, NODE, policies.review)
        shelf = shelf_of(runtime.context)

        async def read(answer: Any) -> tuple[Decision, dict[str, Any]]:
            decision = await judged(understood(answer, _ALLOWED), state, NODE, policies.review)
            if decision is None:
                raise UnfitAnswerError(f"the time to answer is not up: {mend(_ALLOWED)}")
            return decision, await _change(state, decision, shelf, policies, check)

        try:
            decision, change = await asked(lambda complaint: _question(state, complaint, policies, form), read)
        except GivenUpError as error:
            decision, change = Decision("reject", str(error)), {}
        return _written(state, decision, change)

    return human_review


def _merged(state: QuorumState) -> Merged:
    merged = state["merged"]
    if merged is None:
        raise ValueError("a human is asked only after the results were merged")
    return merged


async def _change(
    state: QuorumState, decision: Decision, shelf: Shelf | None, policies: Policies, check: ValueCheck | None
) -> dict[str, Any]:
    """What the decision changes in the state.

    Raises:
        UnfitAnswerError: it cannot be carried out.
    """
    merged = _merged(state)
    if decision.kind == "retry":
        check_branches(decision.branches, [item["branch_id"] for item in state["queue"]])
        change = redone(state, decision.branches, decision.message)
        return {**change, "revision": judged_before(state, change["redo"]), "verdict": None}
    if decision.kind == "pick":
        if len(decision.branches) != 1:
            raise UnfitAnswerError(f"pick names {len(decision.branches)} branches: name one")
        check_pick(state, decision.branches[0])
        return {"merged": picked(state, merged, decision.branches[0], policies.weight, decision.message)}
    if decision.kind == "edit":
        before = merged if shelf is None else Merged(**{**merged, "value": await shelf.back(merged["value"])})
        value = edited_value(decision, before)
        if shelf is not None:
            value = await shelf.back(value)
        if value == before["value"]:
            return {}
        whole = edited(before, value, decision.message)
        await asyncio.to_thread(check_value, state, whole, check)
        return {"merged": whole if shelf is None else await shelf.away(whole)}
    return {}


def _written(state: QuorumState, decision: Decision, change: dict[str, Any]) -> dict[str, Any]:
    """The update: what was decided, where the run goes, and a line that says so."""
    said, names = decision.message, ", ".join(some(decision.branches))
    if decision.kind == "reject":
        why = said or "a human rejected it"
        return ended(state, NODE, "critical_failure", why, ErrorRecord(type="Rejected", message=why, transient=False))
    if decision.kind == "retry":
        line = entry(state, NODE, "retried", change["load"]["why"], branches=some(change["redo"]))
        return {**change, "timeline": [line]}
    event, why = "approved", said or "a human approved it"
    if decision.kind == "edit" and change:
        event, why = "edited", f"a human edited the result{': ' * bool(said)}{said}"
    elif decision.kind == "pick":
        event, why = "picked", f"a human picked the result of {names}{': ' * bool(said)}{said}"
    return {**change, "verdict": "approved", "redo": [], "timeline": [entry(state, NODE, event, why)]}


def _question(state: QuorumState, complaint: str, policies: Policies, form: QuestionForm) -> dict[str, Any]:
    """What the person is asked, with what they need to answer."""
    merged, branches = _merged(state), state["branches"]
    sides, missing = disagreements(merged, branches), missing_of(branches, merged["failed"])
    stayed = not_taken(state)
    until, on_expiry = times(state, NODE), policies.review.on_expiry
    parts = [
        summary(
            "Approve the result?",
            merged,
            task=task_of(state),
            findings=state["findings"],
            sides=sides,
            branches=branches,
            missing=missing,
            not_taken=stayed,
        ),
        answers(_ALLOWED, until.get("expires_at"), on_expiry),
    ]
    review = {
        "kind": "result",
        "complaint": complaint,
        "quality": merged["quality"],
        "confidence_interval": merged["confidence_interval"],
        "interval_method": merged["interval_method"],
        "findings": state["findings"][:SHOWN],
        "worth_a_look": merged.get("review", [])[:SHOWN],
        "disagreements": sides,
        "attribution": merged["attribution"][:SHOWN],
        "missing": missing,
        "not_taken": stayed,
        **until,
        "on_expiry": on_expiry if until else None,
    }
    args = {"result": merged["value"], "pick": "", "retry": [], "message": ""}
    names = [item["branch_id"] for item in state["queue"]]
    description = "\n\n".join([f"**{complaint}**", *parts] if complaint else parts)
    return question(ACTION, args, description, review=review, allowed=_ALLOWED, branches=names, form=form)
