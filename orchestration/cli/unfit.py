"""An answer about a result that the run has not taken: it asks again, with a complaint."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.orchestration.cli.thread_ids import command_for
from langgraph_quorum.orchestration.cli.words import printable


class UnfitError(RefusedError):
    """The run did not take the answer, and asks again; `question` is the id under which it does."""

    def __init__(self, line: str, question: str) -> None:
        self.question = question
        super().__init__(line)


def check_taken(
    outcome: Mapping[str, Any], before: Mapping[str, Any], answered: Collection[str], *, dsn_given: bool
) -> None:
    """Refuse an answer that the run has not taken.

    Args:
        outcome: How the run stands now.
        before: How it stood when it was answered.
        answered: Ids of the questions that were.
        dsn_given: The database was named by `--dsn`, so that further commands must name it too.

    Raises:
        UnfitError: with the complaint.
    """
    for name, asked in outcome["interrupts"].items():
        review = asked.get("review") if isinstance(asked, Mapping) else None
        again = name in answered or name not in before["interrupts"]  # LangGraph before 1.2.20 keeps a node's id
        if again and isinstance(review, Mapping) and review.get("complaint"):
            command = command_for("review", outcome["thread_id"], dsn_given=dsn_given)
            raise UnfitError(f"{printable(str(review['complaint']))}; the question is still open: {command}", name)
