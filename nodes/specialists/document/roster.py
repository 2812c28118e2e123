"""The document specialists by name, as branches run them; their libraries are imported by the first that needs them."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from typing import cast

from langgraph_quorum.nodes.documents.cache import read_cached
from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.report import Report
from langgraph_quorum.nodes.specialists.specialist import Resources, Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.errors import ConfigurationError, MissingExtraError

DOCUMENT_SPECIALISTS: dict[str, str] = {
    "content": "themes, topics, keywords and entities",
    "linguistic": "style and readability",
    "technical": "structure, code, links and formatting faults",
    "business": "obligations, decisions, action items, dates and who",
    "sentiment": "tone, section by section",
    "summary": "the sentences that carry the document",
    "quality": "gaps, inconsistencies and unfinished marks",
}
"""What each finds."""

_NEEDED = ("dateutil", "docutils", "proselint", "pygments", "sklearn", "syntok", "vaderSentiment")


def document_specialists(names: Sequence[str] | None = None, timeout_s: float = 60.0) -> list[Specialist]:
    """Specialists for branches whose payload is `{"path": ..., "sha256": ...}`.

    Args:
        names: Which of `DOCUMENT_SPECIALISTS`; all when left out.
        timeout_s: Seconds for one document.

    Raises:
        ConfigurationError: for a name that there is not.
        MissingExtraError: when the extra `documents` is not installed.
    """
    chosen = list(dict.fromkeys(names)) if names else list(DOCUMENT_SPECIALISTS)
    for name in chosen:
        if name not in DOCUMENT_SPECIALISTS:
            raise ConfigurationError("specialist", name, f"give one of {', '.join(DOCUMENT_SPECIALISTS)}")
    if any(importlib.util.find_spec(module) is None for module in _NEEDED):
        raise MissingExtraError("documents", "analysing documents")
    return [
        Specialist(
            name,
            _runner(name),
            type=name,
            source_types=("document",),
            capabilities=tuple(DOCUMENT_SPECIALISTS[name].replace(" and ", ", ").split(", ")),
            resources=Resources(cpu=1.0),
            timeout_s=timeout_s,
            deterministic=True,
        )
        for name in chosen
    ]


def document_of(branch: Branch) -> Document:
    """The document that a branch is about.

    Raises:
        DocumentError: it cannot be read, or has changed since the run began.
    """
    return read_cached(branch.payload["path"], branch.payload.get("sha256"))


def _runner(name: str) -> Callable[[Branch], Report]:
    def run(branch: Branch) -> Report:
        document = document_of(branch)
        module = importlib.import_module(f"langgraph_quorum.nodes.specialists.document.{name}")
        analyse = cast("Callable[[Document], Report]", module.analyse)
        return analyse(document)

    run.__name__ = name
    return run
