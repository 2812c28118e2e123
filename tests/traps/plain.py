"""Graphs of plain LangGraph: what somebody writes by hand who fans out to workers and joins their results."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from langgraph.graph import START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict


class Results(TypedDict, total=False):
    done: Annotated[list[str], operator.add]
    joined: bool
    """Written by the join alone: absent when it never ran."""
    last: str
    """Has no reducer."""


class Named(TypedDict):
    name: str


class Workers:
    """Each takes the seconds that its name stands for; counts how often it began."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds
        self.began: list[str] = []

    async def __call__(self, state: Named) -> dict[str, Any]:
        self.began.append(state["name"])
        await asyncio.sleep(self._seconds[state["name"]])
        return {"done": [state["name"]]}


def fan_out(worker: Any, names: Iterable[str], **settings: Any) -> Any:
    """One `Send` to the worker for each name, and a join behind it. The settings are the worker's, of `add_node`."""
    sends = [Send("worker", {"name": name}) for name in names]
    return sending(sends, worker, **settings)


def sending(sends: list[Send], worker: Any, **settings: Any) -> Any:
    """These `Send`s, the worker, and the join."""

    async def join(state: Results) -> dict[str, Any]:
        return {"joined": True}

    builder = StateGraph(Results)
    builder.add_node("worker", worker, input_schema=Named, **settings)
    builder.add_node("join", join)
    builder.add_conditional_edges(START, lambda _state: sends, ["worker"])
    builder.add_edge("worker", "join")
    return builder


async def notes_its_name(state: Named) -> dict[str, Any]:
    """The simplest worker."""
    return {"done": [state["name"]]}
