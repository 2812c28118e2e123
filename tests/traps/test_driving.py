"""One thread: two drivers at once, and what is stored of a run that has not ended."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import EmptyInputError
from langgraph.graph import START, StateGraph
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

from langgraph_quorum import Orchestrator
from langgraph_quorum.state.errors import ThreadBusyError
from tests.graphs.running import FIXED, thread
from tests.graphs.running import Crew as Sleepers
from tests.graphs.running import compiled as our_graph
from tests.orchestration.crews import Crew
from tests.traps.plain import Results, Workers, fan_out

SECONDS = {"a": 1, "b": 1, "slow": 30}


def two_steps() -> Any:
    """Each step notes what the run was given."""

    async def step(state: Results) -> dict[str, Any]:
        await asyncio.sleep(1)
        return {"done": [state["last"]]}

    builder = StateGraph(Results)
    builder.add_node("one", step)
    builder.add_node("two", step)
    builder.add_edge(START, "one")
    builder.add_edge("one", "two")
    return builder.compile(checkpointer=InMemorySaver())


@pytest.mark.looptime
async def test_plain_two_drivers_of_one_thread_both_succeed_and_one_leaves_nothing() -> None:
    graph = two_steps()
    both = await asyncio.gather(*[graph.ainvoke({"last": name}, thread()) for name in "xy"])
    assert [result["done"] for result in both] == [["x", "x"], ["y", "y"]]
    stored = (await graph.aget_state(thread())).values["done"]
    assert stored in (["x", "x"], ["y", "y"])


async def test_ours_turns_the_second_driver_away_whichever_orchestrator_it_comes_by(database: str) -> None:
    crew = Crew()
    async with (
        Orchestrator.open(crew.workflow(), database) as quorum,
        Orchestrator.open(crew.workflow(), database) as other,
    ):
        run = await quorum.start({"task": "x"}, thread_id="t")
        for second in (quorum, other):
            with pytest.raises(ThreadBusyError, match="thread 't' is being run by"):
                await second.start({"task": "y"}, thread_id="t")
        crew.go.set()
        out = await run.result()
        assert out["status"] == "approved"
        assert (await other.get("t"))["branches"] == out["branches"]
    assert set(crew.calls.values()) == {1}


@pytest.mark.looptime
async def test_ours_without_the_orchestrator_has_no_lease_and_the_same_trap() -> None:
    crew = Sleepers()
    graph = our_graph(crew.sleeps("s", 1), saver=InMemorySaver())
    both = await asyncio.gather(*[graph.ainvoke({"task": name}, thread(), context=FIXED) for name in "xy"])
    assert [result["status"] for result in both] == ["approved", "approved"]
    assert (await graph.aget_state(thread())).values["task"] in {"x", "y"}
    assert crew.calls == {"s": 2}


async def cut_off(graph: Any, durability: Literal["sync", "async", "exit"]) -> Any:
    """What is stored at 5 s, when a crash might come; then the run is cancelled, which is no crash."""
    running = asyncio.create_task(graph.ainvoke({}, thread(), durability=durability))
    await asyncio.sleep(5)
    stored = await graph.aget_state(thread())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    return stored


@pytest.mark.looptime
@pytest.mark.parametrize("durability", ["sync", "async"])
async def test_plain_finished_branches_are_stored_while_the_others_work(durability: Any) -> None:
    workers = Workers(SECONDS)
    graph = fan_out(workers, SECONDS).compile(checkpointer=InMemorySaver())
    assert (await cut_off(graph, durability)).values == {"done": ["a", "b"]}
    await graph.ainvoke(None, thread())
    assert workers.began == ["a", "b", "slow", "slow"]


@pytest.mark.looptime
async def test_plain_with_durability_exit_nothing_is_stored_while_a_run_works() -> None:
    graph = fan_out(Workers(SECONDS), SECONDS).compile(checkpointer=InMemorySaver())
    running = asyncio.create_task(graph.ainvoke({}, thread(), durability="exit"))
    await asyncio.sleep(5)
    assert (await graph.aget_state(thread())).created_at is None
    with pytest.raises(EmptyInputError):  # what a process would meet that resumes after a crash at this moment
        await graph.ainvoke(None, thread())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.looptime
async def test_plain_with_durability_exit_a_cancelled_run_still_stores_its_finished_branches() -> None:
    workers = Workers(SECONDS)
    graph = fan_out(workers, SECONDS).compile(checkpointer=InMemorySaver())
    assert (await cut_off(graph, "exit")).values == {}
    assert (await graph.aget_state(thread())).values == {"done": ["a", "b"]}
    await graph.ainvoke(None, thread())
    assert workers.began == ["a", "b", "slow", "slow"]


async def test_ours_stores_each_branch_when_it_ends_so_that_others_see_it_while_the_run_goes_on(database: str) -> None:
    crew = Crew()
    async with (
        Orchestrator.open(crew.workflow(), database) as quorum,
        Orchestrator.open(crew.workflow(), database) as other,
    ):
        await quorum.start({"task": "x"}, thread_id="t")
        async for look in AsyncRetrying(wait=wait_fixed(0.02), stop=stop_after_delay(20), reraise=True):
            with look:
                seen = await other.get("t")
                assert set(seen.get("branches", {})) == {"one", "two"}
        assert seen["status"] == "running"
        assert not crew.go.is_set()
