"""A workflow on a server is used from elsewhere as a graph: by a client, and as a node of another graph."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.pregel.remote import RemoteGraph
from typing_extensions import TypedDict

from tests.studio.server import Studio

pytestmark = pytest.mark.xdist_group("studio")


class Parent(TypedDict, total=False):
    task: str
    status: str
    result: Any


async def test_a_remote_workflow_is_drawn_streamed_and_its_state_read(studio: Studio) -> None:
    remote = RemoteGraph("talk", url=studio.address)
    drawn = await remote.aget_graph()
    assert {"poet", "critic", "sync_point"} <= drawn.nodes.keys()
    thread: Any = {"configurable": {"thread_id": str(uuid.uuid4())}}
    given, context = {"task": "it"}, {"merge": "consensus"}
    stream = remote.astream(given, thread, context=context, stream_mode="updates")
    updates = [name async for part in stream for name in part]
    assert updates[:2] == ["analyzer", "coordinator"]
    assert set(updates[2:5]) == {"poet", "critic", "held"}
    assert updates[5:] == ["sync_point", "merger", "validator", "integrator"]
    state = await remote.aget_state(thread)
    assert (state.next, state.values["status"]) == ((), "approved")
    assert state.values["result"]["verdict"] == "good"  # two against one


async def test_a_remote_workflow_is_a_node_of_another_graph(studio: Studio) -> None:
    builder = StateGraph(Parent)
    builder.add_node("review", RemoteGraph("talk", url=studio.address))
    builder.add_edge(START, "review")
    out = await builder.compile().ainvoke({"task": "it"})
    assert (out["status"], out["result"]["poet"]["said"]) == ("approved", "poet finds it good")
