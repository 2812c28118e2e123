"""Events of branches are made for those who watch, and only for them."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from langgraph_quorum.nodes.branching.setting import is_heard


class Nothing(TypedDict):
    done: bool


async def heard_in(graph: Any, **streaming: Any) -> bool:
    heard: list[bool] = []

    async def node(state: Nothing, *, runtime: Runtime[None]) -> dict[str, bool]:
        heard.append(is_heard(runtime.stream_writer))
        return {"done": True}

    inner = StateGraph(Nothing).add_node("node", node).add_edge(START, "node").add_edge("node", END)
    outer = StateGraph(Nothing).add_node("inner", inner.compile()).add_edge(START, "inner").add_edge("inner", END)
    compiled = (inner if graph == "inner" else outer).compile()
    async for _ in compiled.astream({"done": False}, **streaming):
        pass
    return heard[0]


async def test_langgraphs_writer_is_heard_where_somebody_streams_custom_events() -> None:
    assert await heard_in("inner", stream_mode="custom")
    assert await heard_in("inner", stream_mode=["updates", "custom"])
    assert await heard_in("outer", stream_mode=["values", "custom"], subgraphs=True)


async def test_langgraphs_writer_is_heard_by_nobody_where_nobody_streams_custom_events() -> None:
    assert not await heard_in("inner", stream_mode="values")
    assert not await heard_in("inner", stream_mode="updates")
    assert not await heard_in("outer", stream_mode="updates")
    assert not await heard_in("outer", stream_mode="custom")  # LangGraph passes on what is inside only with subgraphs


def test_any_writer_that_does_something_is_heard() -> None:
    events: list[Any] = []
    assert is_heard(events.append)
    assert is_heard(lambda event: events.append([event]))
    assert is_heard(print)
    assert not is_heard(lambda event: None)
