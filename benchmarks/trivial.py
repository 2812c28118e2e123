"""What a branch costs over a bare `Send` graph with a dict reducer, when the work itself is nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from benchmarks.graphs import bare_graph, bare_input, joined_graph, workflow, workflow_input
from benchmarks.measuring import Row, Work, alternately, times_faster, times_slower


def rows() -> list[Row]:
    """Without a checkpointer on either side."""
    return [
        times_slower("1000, no bundles: the join alone", _pair(_joined(1000, None), 1000, repeats=9), most=1.15),
        times_slower("1000, no bundles: whole workflow", _pair(_whole(1000, None), 1000, repeats=9), most=1.15),
        times_faster("1000, bundle='auto': the join alone", _pair(_joined(1000, "auto"), 1000, repeats=9), least=5),
        times_faster("1000, bundle='auto': whole workflow", _pair(_whole(1000, "auto"), 1000, repeats=9), least=5),
        times_faster("5000, bundle='auto': the join alone", _pair(_joined(5000, "auto"), 5000, repeats=3), least=20),
        times_faster("5000, bundle='auto': whole workflow", _pair(_whole(5000, "auto"), 5000, repeats=3), least=20),
    ]


def rows_with_checkpointer() -> list[Row]:
    """With an `InMemorySaver` on both sides; each run is a thread of its own, deleted after it."""
    return [
        times_slower("1000, no bundles: the join alone", _kept(joined_graph, None, bare_input(1000))),
        times_slower("1000, no bundles: whole workflow", _kept(workflow, None, workflow_input(1000))),
        times_faster("1000, bundle='auto': whole workflow", _kept(workflow, "auto", workflow_input(1000))),
    ]


def _joined(count: int, bundle: Any) -> Work:
    graph = joined_graph(bundle)
    return lambda: graph.ainvoke(bare_input(count))


def _whole(count: int, bundle: Any) -> Work:
    graph, given = workflow(bundle=bundle), workflow_input(count)
    return lambda: graph.ainvoke(given)


def _pair(ours: Work, count: int, repeats: int) -> tuple[float, float]:
    bare = bare_graph()
    return alternately(lambda: bare.ainvoke(bare_input(count)), ours, repeats)


def _kept(made: Callable[..., Any], bundle: Any, given: dict[str, Any]) -> tuple[float, float]:
    saver, config = InMemorySaver(), {"configurable": {"thread_id": "measured"}}
    bare, ours = bare_graph(checkpointer=saver), made(bundle=bundle, checkpointer=saver)

    async def run(graph: Any, values: dict[str, Any]) -> None:
        await graph.ainvoke(values, config)
        saver.delete_thread("measured")

    return alternately(lambda: run(bare, bare_input(1000)), lambda: run(ours, given), repeats=3)
