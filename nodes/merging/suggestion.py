"""Which strategy suits a task, by its words."""

from __future__ import annotations

import re
from typing import Self

from langgraph_quorum.state.errors import ConfigurationError

_KINDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "verification",
        "consensus",
        (
            "verify",
            "verifies",
            "verification",
            "check",
            "confirm",
            "validate",
            "validation",
            "classify",
            "label",
            "vote",
            "decide",
            "true",
            "whether",
            "correct",
            "fact-check",
        ),
    ),
    (
        "gathering",
        "merge_all",
        (
            "gather",
            "collect",
            "list",
            "find",
            "search",
            "fetch",
            "retrieve",
            "crawl",
            "extract",
            "inventory",
            "survey",
            "scrape",
            "all",
        ),
    ),
    (
        "generation",
        "best",
        (
            "write",
            "generate",
            "draft",
            "compose",
            "create",
            "translate",
            "rewrite",
            "design",
            "implement",
            "invent",
            "story",
            "code",
        ),
    ),
    (
        "analysis",
        "synthesis",
        (
            "analyse",
            "analyze",
            "analysis",
            "assess",
            "evaluate",
            "review",
            "compare",
            "explain",
            "why",
            "investigate",
            "summarise",
            "summarize",
            "diagnose",
            "report",
        ),
    ),
)


class Suggestion(str):
    """A strategy's name, with the reason it was suggested for."""

    __slots__ = ("reason",)

    reason: str

    def __new__(cls, name: str, reason: str) -> Self:
        """Make it of both."""
        made = super().__new__(cls, name)
        made.reason = reason
        return made


def suggest_strategy(task: str) -> Suggestion:
    """The strategy for a task: `consensus`, `merge_all`, `best` or `synthesis`, and `weighted` where no word tells.

    Keywords and nothing more: gathering takes `merge_all`, generation `best` (or `synthesis`), verification
    `consensus`, analysis `synthesis`. The kind with most of its words in the task wins, of equals the one whose word
    comes first.

    Args:
        task: What is to be done, in English.

    Returns:
        The name, a string; its `reason` says which words decided.

    Raises:
        ConfigurationError: for a task that is no string.
    """
    if not isinstance(task, str):
        raise ConfigurationError("task", task, "say in words what is to be done")
    words = re.findall(r"[a-z][a-z-]*", task.lower())
    found = []
    for kind, name, keys in _KINDS:
        hits = [word for word in words if word in keys]
        if hits:
            found.append((-len(set(hits)), words.index(hits[0]), kind, name, hits))
    if not found:
        return Suggestion("weighted", "no word of the task tells what it is: weighted suits most results")
    _, _, kind, name, hits = min(found)
    also = " (or 'synthesis', where one text is to be made of all)" if kind == "generation" else ""
    return Suggestion(name, f"{', '.join(map(repr, dict.fromkeys(hits)))}: this is {kind}, which takes {name!r}{also}")
