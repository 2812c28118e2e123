"""Planning a document analysis: every document by every specialist, the largest documents first."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langgraph_quorum.nodes.analyzer import Planner
from langgraph_quorum.nodes.documents.cache import read_cached
from langgraph_quorum.nodes.documents.finding import find_documents
from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.state.errors import DocumentError, PlanError
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.workflow import QuorumState


def document_planner(specialists: Sequence[str]) -> Planner:
    """A planner that turns `sources` into one branch per document and specialist."""

    async def plan(state: QuorumState) -> list[WorkItem]:
        return await asyncio.to_thread(plan_documents, sources_of(state), specialists)

    return plan


def sources_of(state: QuorumState) -> list[str]:
    """The sources that a run was given.

    Raises:
        PlanError: there are none, or they are no list of texts.
    """
    sources = state.get("sources")
    if not sources:
        raise PlanError("sources is empty: name files, folders or globs to analyse")
    if isinstance(sources, str):
        raise PlanError(f"sources={sources!r} is one text: give a list of files, folders or globs")
    if not isinstance(sources, (list, tuple)) or not all(isinstance(source, (str, os.PathLike)) for source in sources):
        raise PlanError(f"sources={sources!r}: give a list of files, folders or globs, each as a text")
    return list(sources)


def plan_documents(sources: Sequence[str], specialists: Sequence[str]) -> list[WorkItem]:
    """The branches for these sources.

    The largest documents come first, so that the last branches to run are short (Graham 1969, longest processing time
    first). A document that cannot be read still gets its branches: they fail, and say why.

    Raises:
        DocumentError: a source names nothing.
    """
    paths = find_documents(sources)
    measured = [(shown, path, _measured(path)) for shown, path in zip(shown_names(paths), paths, strict=True)]
    measured.sort(key=lambda row: (-row[2]["measures"].get("size_bytes", 0.0), row[0]))
    return [
        WorkItem(
            branch_id=f"{specialist}@{shown}",
            specialist=specialist,
            type=specialist,
            source_type="document",
            group=shown,
            payload={"path": str(path.resolve()), "source": shown, **facts["identity"]},
            measures=facts["measures"],
        )
        for shown, path, facts in measured
        for specialist in specialists
    ]


def shown_names(paths: Sequence[Path]) -> list[str]:
    """Short names that still tell the documents apart.

    Their paths below the folder they share; where they share nothing but the root, the shortest ends of their paths
    that differ.
    """
    resolved = [path.resolve() for path in paths]
    shared = Path(os.path.commonpath([path.parent for path in resolved])) if resolved else Path()
    if shared != Path(shared.anchor):
        return [path.relative_to(shared).as_posix() for path in resolved]
    longest = max((len(path.parts) for path in resolved), default=1)
    for kept in range(1, longest):
        names = ["/".join(path.parts[1:][-kept:]) for path in resolved]
        if len(set(names)) == len(names):
            return names
    return [path.as_posix() for path in resolved]


def _measured(path: Path) -> dict[str, Any]:
    try:
        document = read_cached(path)
    except DocumentError:
        return {"identity": {}, "measures": {"size_bytes": 0.0, "parts": 0.0, "depth": 0.0}}
    return {"identity": {"sha256": document.sha256, "title": document.title}, "measures": _measures(document)}


def _measures(document: Document) -> dict[str, float]:
    sections = document.sections()
    tables = sum(1 for _ in document.of_kind("table", "code"))
    return {
        "size_bytes": float(document.size_bytes),
        "parts": float(len(sections) + tables),
        "depth": float(max((section.level for section in sections), default=0)),
    }
