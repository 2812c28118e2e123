"""Forks of a run that stands within a nested graph: what that had not ended begins anew, with questions of its own."""

from __future__ import annotations

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.errors import AnswerError


class Noted(TypedDict, total=False):
    """A text, and how often it was begun with."""

    text: str
    begun: int


async def test_a_nested_graph_that_had_not_ended_starts_anew_in_the_copy(pool: Pool) -> None:
    begun: list[str] = []

    def begin(state: Noted) -> Noted:
        begun.append(state["text"])
        return {"begun": len(begun)}

    def ask(state: Noted) -> Noted:
        return {"text": f"{interrupt('go on?')} to {state['text']}"}

    nested = StateGraph(Noted)
    nested.add_node("begin", begin)
    nested.add_node("ask", ask)
    nested.add_edge(START, "begin")
    nested.add_edge("begin", "ask")
    outer = StateGraph(Noted)
    outer.add_node("nested", nested.compile())
    outer.add_edge(START, "nested")
    async with Orchestrator.on(outer, pool) as quorum:
        waiting = await (await quorum.start({"text": "this"}, thread_id="t1")).result()
        copy = await quorum.fork("t1")
        assert ((await quorum.get(copy))["status"], (await quorum.get(copy))["interrupts"]) == ("interrupted", {})
        with pytest.raises(AnswerError):  # a graph that begins anew could not be told
            await quorum.resume(copy, dict.fromkeys(waiting["interrupts"], "yes"))
        again = await (await quorum.resume(copy)).result()
        assert (again["status"], len(begun)) == ("waiting", 2)
        assert again["interrupts"].keys().isdisjoint(waiting["interrupts"])
        out = await (await quorum.resume(copy, dict.fromkeys(again["interrupts"], "yes"))).result()
        assert (out["text"], len(begun)) == ("yes to this", 2)
        original = await (await quorum.resume("t1", dict.fromkeys(waiting["interrupts"], "no"))).result()
    assert (original["text"], len(begun)) == ("no to this", 2)
