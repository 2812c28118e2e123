# pyright: strict, reportMissingTypeStubs=false
"""Graphs of somebody's own: branches joined by a quorum, a workflow as a tool and as a node, a saver and a lease."""

from __future__ import annotations

import operator
from typing import Annotated, Any

from langgraph.graph import START, StateGraph
from langgraph.types import Send
from pydantic import BaseModel
from typing_extensions import TypedDict

from langgraph_quorum import (
    Branch,
    Orchestrator,
    Patterns,
    QuorumBranches,
    Resolve,
    Resources,
    Specialist,
    SyncPolicy,
    as_tool,
    build_workflow,
    fan_out,
    quorum_branch,
)
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.orchestration.persistence import Pool, fenced_config, hold_lease, make_saver


class Pages(QuorumBranches):
    urls: list[str]
    pages: Annotated[list[str], operator.add]


class Page(TypedDict):
    url: str


async def fetch(state: Page) -> dict[str, Any]:
    return {"pages": [state["url"]]}


def spare(state: Page) -> dict[str, Any]:
    return {"pages": []}


fetching = quorum_branch(
    fetch,
    SyncPolicy(threshold=0.5),
    fallback=spare,
    conditions={"any": bool},
    timeout_s=10,
    retry_on=TimeoutError,
    resources=Resources(memory_mb=5),
)


def spread(state: Pages) -> list[Send]:
    return fan_out(fetching, [{"url": url} for url in state["urls"]], at_once=5, bundle=2)


def named(state: Pages) -> list[Send]:
    return fan_out(fetching, work=[{"branch_id": url, "payload": {"url": url}} for url in state["urls"]])


def write(state: Pages) -> dict[str, Any]:
    decisions = fetching.decisions(state.get("branches", {}))
    return {"pages": [decision["reason"] for decision in decisions.values()]}


def build() -> StateGraph[Pages, None, Pages, Pages]:
    builder = StateGraph(Pages)
    builder.add_node("fetch", fetching)  # pyright: ignore[reportUnknownMemberType]  of LangGraph's own
    builder.add_node("write", write)  # pyright: ignore[reportUnknownMemberType]
    builder.add_conditional_edges(START, spread, ["fetch"])
    builder.add_edge("fetch", "write")
    return builder


def reads(branch: Branch) -> str:
    return branch.task


workflow: QuorumBuilder = build_workflow([Specialist("reads", reads)], merge=Resolve("majority"))
tool = as_tool(workflow, "read", "Reads what it is told to.")
patterns = build_workflow([Specialist("reads", reads)], merge=Patterns(least=3))


class Book(BaseModel):
    title: str


async def of_any_state(quorum: Orchestrator) -> None:
    shelf = StateGraph(Book)
    async with Orchestrator.open(build()) as pages, Orchestrator.open(shelf) as books:
        await pages.start({"urls": ["a.org"], "pages": []})
        await books.start(Book(title="Clouds"))
    await quorum.start({"whatever": "it takes"})


async def by_hand(pool: Pool) -> None:
    graph = build().compile(checkpointer=make_saver(pool))  # pyright: ignore[reportUnknownMemberType]
    async with hold_lease(pool, "pages-1") as lease:
        config = fenced_config("pages-1", lease.token)
        await graph.ainvoke({"urls": ["a.org"], "pages": []}, config)  # pyright: ignore[reportUnknownMemberType]
