"""What a branch costs over a bare `Send` loop with a dict reducer, when the work itself is nothing."""

from __future__ import annotations

import operator
from typing import Annotated, Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from benchmarks.measuring import Row, seconds
from langgraph_quorum import Branch, Specialist, build_workflow


class Bare(TypedDict):
    results: Annotated[dict[str, Any], operator.or_]
    count: int


async def worker(state: dict[str, Any]) -> dict[str, Any]:
    return {"results": {state["branch_id"]: {"answer": state["branch_id"]}}}


async def specialist(branch: Branch) -> dict[str, str]:
    return {"answer": branch.branch_id}


def fan_out(state: Bare) -> list[Send]:
    return [Send("worker", {"branch_id": f"b{number}"}) for number in range(state["count"])]


def bare_graph() -> Any:
    graph = StateGraph(Bare)
    graph.add_node("start", lambda state: {"count": state["count"]})
    graph.add_node("worker", worker)  # type: ignore[type-var]
    graph.add_node("join", lambda state: {"count": len(state["results"])})
    graph.add_edge(START, "start")
    graph.add_conditional_edges("start", fan_out, ["worker"])
    graph.add_edge("worker", "join")
    graph.add_edge("join", END)
    return graph.compile()


def rows() -> list[Row]:
    """One row for each size."""
    bare = bare_graph()
    ours = build_workflow([Specialist("worker", specialist)], mode="parallel", merge="merge_all").compile()
    found = []
    for count in (100, 1000):
        work = [{"branch_id": f"b{number}", "specialist": "worker"} for number in range(count)]
        plain = seconds(lambda count=count: bare.ainvoke({"results": {}, "count": count}), repeats=3)  # type: ignore[misc]
        quorum = seconds(lambda work=work: ours.ainvoke({"task": "t", "work": work}), repeats=3)  # type: ignore[misc]
        found.append(Row(f"{count} trivial branches", f"{quorum:.3f} s", f"bare graph {plain:.3f} s", quorum / plain))
    return found
