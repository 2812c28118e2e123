"""The graphs that are held against each other: bare ones as anybody would write them, and ours."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Callable
from typing import Annotated, Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from langgraph_quorum import Branch, Specialist, Tuning, build_workflow, fan_out, quorum_branch


class Bare(TypedDict):
    results: Annotated[dict[str, Any], operator.or_]
    count: int


async def trivial_worker(state: dict[str, Any]) -> dict[str, Any]:
    return {"results": {state["branch_id"]: {"answer": state["branch_id"]}}}


async def waiting_worker(state: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(0.1)
    return {"results": {state["branch_id"]: {"answer": state["branch_id"]}}}


def send_all(state: Bare) -> list[Send]:
    return [Send("worker", {"branch_id": f"b{number}"}) for number in range(state["count"])]


def bare_graph(worker: Any = trivial_worker, checkpointer: Any = None) -> Any:
    """The fewest nodes that do it: one that fans out with `Send`, the worker, and one after the join."""
    return _around(worker, send_all, checkpointer)


def joined_graph(bundle: Any = None, checkpointer: Any = None, worker: Any = trivial_worker) -> Any:
    """The bare graph, its worker wrapped in `quorum_branch` and sent to with `fan_out`: the join alone."""
    branch = quorum_branch(worker, name="worker")

    def send_to_branch(state: Bare) -> list[Send]:
        named = [f"b{number}" for number in range(state["count"])]
        return fan_out(branch, {name: {"branch_id": name} for name in named}, bundle=bundle)

    return _around(branch, send_to_branch, checkpointer)


def _around(worker: Any, send: Callable[[Bare], list[Send]], checkpointer: Any) -> Any:
    graph = StateGraph(Bare)
    graph.add_node("plan", lambda state: {"count": state["count"]})
    graph.add_node("worker", worker)
    graph.add_node("join", lambda state: {"count": len(state["results"])})
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", send, ["worker"])
    graph.add_edge("worker", "join")
    graph.add_edge("join", END)
    return graph.compile(checkpointer=checkpointer)


def bare_input(count: int) -> dict[str, Any]:
    return {"results": {}, "count": count}


async def trivial(branch: Branch) -> dict[str, str]:
    return {"answer": branch.branch_id}


async def waiting(branch: Branch) -> dict[str, str]:
    await asyncio.sleep(0.1)
    return {"answer": branch.branch_id}


def workflow(work: Any = trivial, bundle: Any = None, checkpointer: Any = None) -> Any:
    """Our whole workflow with one specialist, gathering every result as the bare graph does."""
    return uncompiled_workflow(work, bundle).compile(checkpointer=checkpointer)


def uncompiled_workflow(work: Any = trivial, bundle: Any = None) -> Any:
    """The same for an orchestrator, which compiles it with its own saver."""
    tuning = Tuning(bundle=bundle)
    return build_workflow([Specialist("worker", work)], mode="parallel", merge="merge_all", tuning=tuning)


def workflow_input(count: int) -> dict[str, Any]:
    work = [{"branch_id": f"b{number}", "specialist": "worker"} for number in range(count)]
    return {"task": "t", "work": work}
