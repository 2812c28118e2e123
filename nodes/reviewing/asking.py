"""Asking until an answer fits, and no longer than that makes sense."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from langgraph.types import interrupt

from langgraph_quorum.nodes.reviewing.answers import UnfitAnswerError

MOST_COMPLAINTS = 10
"""Answers that do not fit, after which the question counts as rejected."""

T = TypeVar("T")


class GivenUpError(Exception):
    """No answer has fitted. The message says how many there were, and what was wrong with the last."""


async def asked(question: Callable[[str], dict[str, Any]], read: Callable[[Any], Awaitable[T]]) -> T:
    """What a human has answered, as soon as it fits; each time it does not, the question says why not.

    Args:
        question: The interrupt's payload, from a complaint ("" the first time).
        read: Understands an answer, or raises `UnfitAnswerError`.

    Raises:
        GivenUpError: too many answers did not fit.
    """
    complaint = ""
    for _ in range(MOST_COMPLAINTS):
        answer = interrupt(question(complaint))
        try:
            return await read(answer)
        except UnfitAnswerError as error:
            complaint = str(error)
    raise GivenUpError(f"{MOST_COMPLAINTS} answers did not fit, the last one because {complaint}")
