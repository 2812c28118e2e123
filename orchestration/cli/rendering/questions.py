"""What a human is asked, and how to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from langgraph_quorum.orchestration.cli.rendering.review import in_short
from langgraph_quorum.orchestration.cli.thread_ids import command_for
from langgraph_quorum.orchestration.cli.words import shortened

_LENGTH = 600


def print_questions(console: Console, outcome: Mapping[str, Any], *, dsn_given: bool) -> None:
    """Print the open questions; nothing when there are none."""
    questions = outcome.get("interrupts", {})
    if not questions:
        return
    command = command_for("resume", outcome["thread_id"], dsn_given=dsn_given)
    console.print()
    for name, question in questions.items():
        if isinstance(question, Mapping) and isinstance(question.get("review"), Mapping):
            console.print(Text(in_short(question["review"]), style="bold"))
            look = command_for("review", outcome["thread_id"], dsn_given=dsn_given)
            which = f" --question {name}" if len(questions) > 1 else ""
            console.print(Text(f"  look and answer: {look}{which}"))
            continue
        console.print(Text(asked(question), style="bold"))
        answer = f"'{{\"{name}\": ...}}'" if len(questions) > 1 else _answers(question)
        console.print(Text(f"  answer: {command} --answer {answer}"))


def asked(question: Any) -> str:
    """The question in words: LangChain's human-in-the-loop request says it in its descriptions."""
    if isinstance(question, Mapping):
        if isinstance(question.get("review"), Mapping):
            return in_short(question["review"])
        requests = question.get("action_requests") or []
        said = [str(request["description"]) for request in requests if request.get("description")]
        if said:
            return shortened(" ".join(said), _LENGTH)
    return shortened(str(question), _LENGTH)


def _answers(question: Any) -> str:
    if isinstance(question, Mapping):
        for review in question.get("review_configs") or []:
            return "|".join(review.get("allowed_decisions", [])) or "JSON"
    return "JSON"
