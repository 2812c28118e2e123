"""Workflows that put large texts into a store."""

from __future__ import annotations

import dataclasses
import operator
from typing import Annotated, Any

from typing_extensions import TypedDict

from langgraph_quorum import QuorumContext, Specialist
from langgraph_quorum.state.artifacts import is_reference
from langgraph_quorum.state.ports import ArtifactStore
from tests.artifacts.stores import document
from tests.graphs.running import FIXED, compiled

LIMIT = 1000
TEXT_A, TEXT_B = document(5_000), document(5_000)


def context(store: ArtifactStore | None, limit: int = LIMIT) -> QuorumContext:
    return dataclasses.replace(FIXED, artifacts=store, artifact_bytes=limit)


class Pages(TypedDict, total=False):
    """State of a graph of one's own."""

    pages: Annotated[list[str], operator.add]


async def run(*crew: Specialist, store: ArtifactStore | None, work: Any = None, **settings: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"task": "look"} if work is None else {"task": "look", "work": work}
    graph = compiled(*crew, **settings)
    out: dict[str, Any] = await graph.ainvoke(given, settings.get("config"), context=context(store))
    return out


async def text_of(store: ArtifactStore, ref: Any) -> str:
    assert is_reference(ref)
    return (await store.get(ref)).decode()
