"""Graphs that a user brings, whose fields and nodes know nothing of ours."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict


class Clashing(TypedDict, total=False):
    """Fields that are also keys of our outcomes."""

    status: str
    thread_id: str
    interrupts: int
    reason: str
    values: str
    active: bool
    branches: list[str]
    report: str


class Shouted(TypedDict, total=False):
    """A field of the same name as one of ours, and one that is not."""

    workflow_id: str
    word: str


class Plain(TypedDict, total=False):
    """One field."""

    steps: list[str]


def clashing(**given: Any) -> StateGraph[Any, Any, Any, Any]:
    """A graph whose only node writes these fields."""
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(Clashing)
    builder.add_node("write", lambda state: given)
    builder.add_edge(START, "write")
    builder.add_edge("write", END)
    return builder


def shouting() -> StateGraph[Any, Any, Any, Any]:
    """A graph that shouts its word."""
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(Shouted)
    builder.add_node("shout", lambda state: {"word": state["word"].upper()})
    builder.add_edge(START, "shout")
    return builder


def asking(second: str) -> StateGraph[Any, Any, Any, Any]:
    """A graph whose second node, of this name, asks."""
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(Plain)
    builder.add_node("first", lambda state: {"steps": ["first"]})
    builder.add_node(second, lambda state: {"steps": [*state["steps"], interrupt("go on?")]})
    builder.add_edge(START, "first")
    builder.add_edge("first", second)
    builder.add_edge(second, END)
    return builder


def joining(first: str, *, defer: bool = False) -> StateGraph[Any, Any, Any, Any]:
    """A graph that joins a node of this name with one that asks, and puts off the two nodes that follow."""
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(Clashing)
    builder.add_node(first, lambda state: {"report": "gathered"})
    builder.add_node("draft", lambda state: {})
    builder.add_node("ask", lambda state: {"values": interrupt("go on?")})
    builder.add_node("publish", lambda state: {"report": f"{state['report']} and published"}, defer=defer)
    builder.add_node("tidy", lambda state: {"status": "tidy"}, defer=defer)
    builder.add_edge(START, first)
    builder.add_edge(START, "draft")
    builder.add_edge("draft", "ask")
    builder.add_edge([first, "ask"], "publish")
    builder.add_edge("draft", "tidy")
    builder.add_edge("publish", END)
    return builder


class Flaky:
    """A graph whose node raises until it is mended."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error

    def graph(self) -> StateGraph[Any, Any, Any, Any]:
        builder: StateGraph[Any, Any, Any, Any] = StateGraph(Plain)
        builder.add_node("work", self._work)
        builder.add_edge(START, "work")
        builder.add_edge("work", END)
        return builder

    def _work(self, state: Plain) -> Plain:
        if self.error is not None:
            raise self.error
        return {"steps": ["worked"]}
