"""What nested graphs remember from one of their runs to the next: in a copy as it was by then, and after a resume."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from langgraph.channels import DeltaChannel
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.state.errors import ConfigurationError


class Told(TypedDict, total=False):
    said: str
    heard: Annotated[list[list[str]], operator.add]


class Plain(TypedDict, total=False):
    said: str
    seen: Annotated[list[str], operator.add]


class Changes(TypedDict, total=False):
    said: str
    seen: Annotated[list[str], DeltaChannel(lambda seen, more: [*seen, *(one for part in more for one in part)])]


WHOLE = [["0"], ["0", "1"], ["0", "1", "2"]]


def remembering(schema: type[Any]) -> Any:
    """A graph that remembers what it was told in all of its runs within a thread."""
    nested = StateGraph(schema)
    nested.add_node("see", lambda state: {"seen": [state["said"]]})
    nested.add_edge(START, "see")
    return nested.compile(checkpointer=True)


def asked_thrice(within: Callable[[], Any]) -> StateGraph[Any, Any, Any, Any]:
    """A graph that tells the nested one what number this is, three times."""
    nested = within()

    async def tell(state: Told) -> Told:
        out = await nested.ainvoke({"said": f"{len(state.get('heard', []))}{state.get('said', '')}"})
        return {"heard": [list(out["seen"])]}

    outer = StateGraph(Told)
    outer.add_node("tell", tell)
    outer.add_edge(START, "tell")
    outer.add_conditional_edges("tell", lambda state: END if len(state["heard"]) == 3 else "tell", ["tell", END])
    return outer


@pytest.mark.parametrize("schema", [Plain, Changes])
async def test_a_nested_graph_remembers_in_each_copy_what_it_had_seen_by_then(pool: Pool, schema: type[Any]) -> None:
    async with Orchestrator.on(asked_thrice(lambda: remembering(schema)), pool) as quorum:
        assert (await (await quorum.start({}, "t1")).result())["heard"] == WHOLE
        for step in await quorum.history("t1"):
            copy = await quorum.fork("t1", step.checkpoint_id)
            assert (await (await quorum.resume(copy)).result())["heard"] == WHOLE
        edited = await quorum.fork("t1", (await quorum.history("t1"))[2].checkpoint_id, values={"said": "!"})
        assert (await (await quorum.resume(edited)).result())["heard"] == [["0"], ["0", "1!"], ["0", "1!", "2!"]]
        assert (await quorum.get("t1"))["heard"] == WHOLE


async def test_changes_of_a_graph_that_cannot_be_found_are_refused_and_leave_nothing(pool: Pool) -> None:
    kept: list[Any] = [remembering(Changes)]

    class Behind:
        async def ainvoke(self, values: dict[str, Any]) -> dict[str, Any]:
            out: dict[str, Any] = await kept[0].ainvoke(values)
            return out

    async with Orchestrator.on(asked_thrice(Behind), pool) as quorum:
        assert (await (await quorum.start({}, "t1")).result())["heard"] == WHOLE
        with pytest.raises(ConfigurationError, match="'tell' remembers changes only"):
            await quorum.fork("t1", into="t2")
        assert [run.thread_id for run in await quorum.list()] == ["t1"]


async def test_what_a_finished_node_has_told_since_is_remembered_unless_its_step_begins_anew(pool: Pool) -> None:
    nested = remembering(Plain)

    async def tell(state: Told) -> Told:
        return {"heard": [(await nested.ainvoke({"said": "it"}))["seen"]]}

    def ask(state: Told) -> Told:
        return {"heard": [[interrupt("go on?")]]}

    outer = StateGraph(Told)
    for name, node in (("tell", tell), ("ask", ask)):
        outer.add_node(name, node)
        outer.add_edge(START, name)
    async with Orchestrator.on(outer, pool) as quorum:
        await (await quorum.start({}, "t1")).result()
        await quorum.fork("t1", into="as it is")
        await quorum.fork("t1", values={"said": "x"}, as_node="__start__", into="anew")
    saver = make_saver(pool)
    for thread_id, seen in (("as it is", ["it"]), ("anew", None)):
        found = await saver.aget_tuple({"configurable": {"thread_id": thread_id, "checkpoint_ns": "tell"}})
        assert (None if found is None else found.checkpoint["channel_values"]["seen"]) == seen
    saver.close()


@pytest.mark.parametrize("inside", [False, True], ids=["before it was called", "in the midst of its work"])
async def test_a_run_that_was_drained_goes_on_as_if_it_had_not_been(pool: Pool, inside: bool) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def wait(number: str) -> None:
        if number == "2":
            begun.set()
            await go.wait()

    async def see(state: Plain) -> Plain:
        if inside:
            await wait(state["said"])
        return {"seen": [state["said"]]}

    nested = StateGraph(Plain)
    nested.add_node("see", see)
    nested.add_edge(START, "see")
    remembers: Any = nested.compile(checkpointer=True)

    class Waiting:
        async def ainvoke(self, values: dict[str, Any]) -> dict[str, Any]:
            if not inside:
                await wait(values["said"])
            out: dict[str, Any] = await remembers.ainvoke(values)
            return out

    async with Orchestrator.on(asked_thrice(Waiting), pool) as quorum:
        await quorum.start({}, "t1")
        await begun.wait()
        await quorum.drain("t1", timeout_s=0.1)
        go.set()
        assert (await (await quorum.resume("t1", on_busy="wait")).result())["heard"] == WHOLE
