"""The question as front ends read it.

By default LangChain's human-in-the-loop request, which its middleware emits and chat front ends and Studio show; or
Agent Inbox's older interrupt. Both have buttons for approve, edit and reject only. What else may be answered stands
among the arguments, so that filling in a form is enough: `pick` and `retry` next to the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from langgraph_quorum.nodes.journal import SHOWN
from langgraph_quorum.nodes.reviewing.answers import Kind

QuestionForm = Literal["request", "inbox"]
"""`request`: `action_requests` and `review_configs` (HITLRequest). `inbox`: `action_request` and `config`
(HumanInterrupt). Answers of either are understood whichever was asked."""

_BUTTONS: tuple[Kind, ...] = ("approve", "edit", "reject")


def question(
    action: str,
    args: dict[str, Any],
    description: str,
    *,
    review: dict[str, Any],
    allowed: Sequence[Kind],
    branches: Sequence[str],
    form: QuestionForm = "request",
) -> dict[str, Any]:
    """The interrupt's payload.

    Args:
        action: What a human is asked to allow.
        args: What may be edited, by name.
        description: Markdown.
        review: The same figures for programs; stands under `review`, which front ends pass over.
        allowed: What may be answered; `edit` also where only `pick` or `retry` can be filled in.
        branches: Names that `pick` and `retry` take.
        form: Which front ends are meant.
    """
    buttons = [kind for kind in _BUTTONS if kind in allowed or (kind == "edit" and "retry" in allowed)]
    review = {**review, "allowed": list(allowed)}
    if form == "inbox":
        config = {
            "allow_accept": "approve" in buttons,
            "allow_edit": "edit" in buttons,
            "allow_respond": True,
            "allow_ignore": "reject" in buttons,
        }
        request = {"action": action, "args": args}
        return {"action_request": request, "config": config, "description": description, "review": review}
    return {
        "action_requests": [{"name": action, "args": args, "description": description}],
        "review_configs": [
            {"action_name": action, "allowed_decisions": buttons, "args_schema": _schema(args, branches)}
        ],
        "review": review,
    }


def _schema(args: dict[str, Any], branches: Sequence[str]) -> dict[str, Any]:
    """The arguments as JSON schema; of very many branches the names are not listed."""
    few = len(branches) <= SHOWN
    kinds: dict[str, dict[str, Any]] = {
        "result": {"description": "The result, as it is to be."},
        "pick": {
            "type": "string",
            "description": "A branch whose result is to be the result.",
            **({"enum": ["", *branches]} if few else {}),
        },
        "retry": {
            "type": "array",
            "description": "Branches to do once more.",
            "items": {"type": "string", **({"enum": list(branches)} if few else {})},
        },
        "message": {"type": "string", "description": "Why; branches that are done once more are told."},
    }
    return {"type": "object", "properties": {name: kinds[name] for name in args}}
