"""What is stored by twenty rounds of revising a document of 1 MB."""

from __future__ import annotations

import random
import string
from collections.abc import Awaitable, Callable
from typing import Any

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from benchmarks.measuring import Row
from benchmarks.postgres import LANGGRAPH_TABLES, OUR_TABLES, Scene, new_thread
from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts

ROUNDS = 20
DOCUMENT_BYTES = 1_000_000
MOST_MB = 2.0


class Revised(TypedDict):
    document: Any
    notes: str
    rounds: int


async def rows(scene: Scene) -> list[Row]:
    """Sizes of all tables with their indexes, above what they take empty."""
    store = PostgresArtifacts(scene.pool)
    text = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=DOCUMENT_BYTES))

    async def kept() -> Any:
        return dict(await store.put(text.encode(), media_type="text/plain"))

    async def read(document: Any) -> str:
        return (await store.get(document)).decode()

    away = await _stored_mb(scene, kept, _graph(read, scene.saver))
    plain = await _stored_mb(scene, lambda: _at_once(text), _graph(_at_once, scene.saver))
    official = await _stored_mb(scene, lambda: _at_once(text), _graph(_at_once, scene.official))
    name, against = f"{ROUNDS} revisions of 1 MB", f"official {official:.1f} MB"
    target, met = f"at most {MOST_MB:g} MB", away <= MOST_MB
    return [
        Row(f"{name}, an artifact", f"{away:.1f} MB", against, f"{official / away:.0f} x less", target, met),
        Row(f"{name}, a text in the state", f"{plain:.1f} MB", against, f"{official / plain:.0f} x less"),
    ]


async def _at_once(document: Any) -> Any:
    return document


def _graph(read: Callable[[Any], Awaitable[str]], checkpointer: Any) -> Any:
    """Two nodes in a circle: one that reads the document and notes something, and one that says whether to go on."""

    async def revise(state: Revised) -> dict[str, Any]:
        return {"notes": f"{len(await read(state['document']))} characters in round {state['rounds']}"}

    graph = StateGraph(Revised)
    graph.add_node("revise", revise)
    graph.add_node("check", lambda state: {"rounds": state["rounds"] + 1})
    graph.add_edge(START, "revise")
    graph.add_edge("revise", "check")
    graph.add_conditional_edges("check", lambda state: END if state["rounds"] >= ROUNDS else "revise", ["revise", END])
    return graph.compile(checkpointer=checkpointer)


async def _stored_mb(scene: Scene, document: Callable[[], Awaitable[Any]], graph: Any) -> float:
    await scene.clear()
    before = await _size_bytes(scene)
    given = {"document": await document(), "notes": "", "rounds": 0}
    await graph.ainvoke(given, {**new_thread(), "recursion_limit": 3 * ROUNDS}, durability="async")
    stored = await _size_bytes(scene) - before
    await scene.clear()
    return stored / 1e6


async def _size_bytes(scene: Scene) -> int:
    sizes = (f"pg_total_relation_size('{table}')" for table in LANGGRAPH_TABLES + OUR_TABLES)
    return await scene.number(f"SELECT {' + '.join(sizes)}")
