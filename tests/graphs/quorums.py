"""Graphs of the user's own with a quorum branch: START =fan_out=> worker -> join."""

from __future__ import annotations

import asyncio
import operator
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from langgraph_quorum import QuorumBranches, QuorumContext, fan_out, quorum_branch
from tests.graphs.running import thread

Route = Callable[[Any], list[Send]]


class State(QuorumBranches, total=False):
    done: Annotated[list[Any], operator.add]
    joined: bool


class Plain(TypedDict, total=False):
    done: Annotated[list[Any], operator.add]
    joined: bool


def graph_of(
    node: Any, route: Route, *, schema: Any = State, saver: Any = None, store: Any = None, **settings: Any
) -> Any:
    """START =Send=> worker -> join, as people write it."""

    async def join(state: Any) -> dict[str, Any]:
        return {"joined": True}

    builder = StateGraph(schema, context_schema=QuorumContext)
    builder.add_node("worker", node, **settings)
    builder.add_node("join", join)
    builder.add_conditional_edges(START, route, ["worker"])
    builder.add_edge("worker", "join")
    return builder.compile(checkpointer=saver, store=store)


async def outcome(worker: Any, payloads: Any, sync: Any = None, **options: Any) -> dict[str, Any]:
    """What a graph with this worker gives back."""
    branch = quorum_branch(worker, sync, name="worker", **options)
    result: dict[str, Any] = await graph_of(branch, lambda _: fan_out(branch, payloads)).ainvoke({})
    return result


def seconds(**named: float) -> dict[str, Any]:
    """Payloads for `sleeps`, by branch id."""
    return {name: {"name": name, "seconds": took} for name, took in named.items()}


class Calls(Counter[str]):
    """A worker that sleeps as long as its payload says, and counts its calls."""

    async def sleeps(self, state: Any) -> dict[str, Any]:
        self[state["name"]] += 1
        await asyncio.sleep(state["seconds"])
        return {"done": [state["name"]]}


async def crashed(graph: Any, after_s: float) -> None:
    """A run that is cut off after so many seconds."""
    running = asyncio.create_task(graph.ainvoke({}, thread()))
    await asyncio.sleep(after_s)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def echo(state: Any) -> dict[str, Any]:
    """A worker that writes its payload."""
    return {"done": [state]}
