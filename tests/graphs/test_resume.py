"""Stopped, crashed, forked, run again, nested: finished branches are kept, and runs do not mix."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphDrained
from langgraph.graph import START, StateGraph
from langgraph.runtime import RunControl
from typing_extensions import TypedDict

from langgraph_quorum import Branch, SyncPolicy
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from tests.graphs.running import FIXED, PATIENT, Crew, compiled, statuses, thread

pytestmark = pytest.mark.looptime


async def crashed(graph: Any, after_s: float) -> None:
    """A run that is cut off after so many seconds."""
    running = asyncio.create_task(graph.ainvoke({"task": "x"}, thread(), context=FIXED))
    await asyncio.sleep(after_s)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_after_a_crash_only_what_was_unfinished_runs_again() -> None:
    crew, saver = Crew(), InMemorySaver()
    graph = compiled(crew.sleeps("a", 1), crew.sleeps("b", 2), crew.sleeps("c", 9), saver=saver)
    await crashed(graph, after_s=5)
    result = await graph.ainvoke(None, thread(), context=FIXED)
    assert crew.calls == {"a": 1, "b": 1, "c": 2}
    assert set(statuses(result).values()) == {"succeeded"}
    assert open_meetings() == 0


async def test_branches_finished_before_a_crash_count_for_the_quorum() -> None:
    crew, saver = Crew(), InMemorySaver()
    specialists = [crew.sleeps(name, 1) for name in "abc"]
    policy = SyncPolicy(threshold=0.75, grace_s=10)
    graph = compiled(*specialists, crew.sleeps("slow", 100), sync=policy, saver=saver)
    await crashed(graph, after_s=5)
    result = await graph.ainvoke(None, thread(), context=FIXED)
    assert statuses(result)["slow"] == "cut"
    assert result["branches"]["slow"]["settled_s"] == pytest.approx(10, abs=0.01)  # the grace alone
    assert crew.calls == {"a": 1, "b": 1, "c": 1, "slow": 2}


async def test_results_from_before_a_crash_reach_what_depends_on_them() -> None:
    crew, saver = Crew(), InMemorySaver()
    graph = compiled(crew.sleeps("s", 2), saver=saver)
    work = [{"branch_id": "a", "specialist": "s"}, {"branch_id": "b", "specialist": "s", "depends_on": ["a"]}]
    running = asyncio.create_task(graph.ainvoke({"task": "x", "work": work}, thread(), context=FIXED))
    await asyncio.sleep(3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    result = await graph.ainvoke(None, thread(), context=FIXED)
    assert list(result["branches"]["b"]["result"]["inputs"]) == ["a"]
    assert crew.calls == {"a": 1, "b": 2}


@pytest.mark.parametrize("config", [{}, {"max_concurrency": 1}], ids=["all at once", "one by one"])
async def test_a_drain_stops_a_long_branch_and_a_resume_finishes_it(config: Any) -> None:
    crew, saver, control = Crew(), InMemorySaver(), RunControl()
    graph = compiled(crew.sleeps("a", 1), crew.sleeps("b", 100), crew.sleeps("c", 100), sync=PATIENT, saver=saver)
    loop = asyncio.get_running_loop()
    loop.call_later(5, control.request_drain)
    began = loop.time()
    with pytest.raises(GraphDrained):
        await graph.ainvoke({"task": "x"}, {**thread(), **config}, context=FIXED, control=control)
    assert loop.time() - began < 6
    assert open_meetings() == 0
    result = await graph.ainvoke(None, thread(), context=FIXED)
    assert set(statuses(result).values()) == {"succeeded"}
    assert crew.calls["a"] == 1
    assert crew.calls["c"] == (1 if config else 2)  # one by one, it had not begun


@pytest.mark.parametrize("bundle", [None, 2])
@pytest.mark.parametrize(("scoring_s", "calls"), [(4, 1), (60, 2)], ids=["soon scored", "long to score"])
async def test_a_drain_waits_a_moment_for_a_score_and_keeps_no_answer_without(
    bundle: Any, scoring_s: float, calls: int
) -> None:
    crew, saver, control = Crew(), InMemorySaver(), RunControl()

    async def score(branch: Branch, _result: Any) -> float:
        await asyncio.sleep(scoring_s if branch.branch_id == "a" else 0)
        return 0.9

    one = crew.sleeps("s", 0)
    graph = compiled(one, crew.sleeps("long", 100), saver=saver, bundle=bundle, scorer=score)
    work = [{"branch_id": name, "specialist": "s"} for name in ("a", "b")]
    work += [{"branch_id": name, "specialist": "long"} for name in ("c", "d")]
    loop = asyncio.get_running_loop()
    loop.call_later(2, control.request_drain)
    began = loop.time()
    with pytest.raises(GraphDrained):
        await graph.ainvoke({"task": "x", "work": work}, thread(), context=FIXED, control=control)
    assert loop.time() - began < 8
    result = await graph.ainvoke(None, thread(), context=FIXED)
    assert {record["quality"]["score"] for record in result["branches"].values()} == {0.9}
    assert (result["sync"][-1]["reason"], result["sync"][-1]["remaining"]) == ("all_done", [])
    assert crew.calls == {"a": calls, "b": 1, "c": 2, "d": 2}


async def before_the_fan_out(graph: Any) -> Any:
    """The checkpoint from which the specialists start."""
    async for snapshot in graph.aget_state_history(thread()):
        if "sync_point" not in snapshot.next and {"a", "b"} <= set(snapshot.next):
            return snapshot.config
    raise AssertionError("no checkpoint before the fan-out")


@pytest.mark.parametrize("config", [{}, {"max_concurrency": 1}], ids=["all at once", "one by one"])
async def test_a_replay_from_before_the_fan_out_runs_all_again_and_cuts_nobody(config: Any) -> None:
    crew = Crew()
    policy = SyncPolicy(threshold=1.0, grace_s=0)
    graph = compiled(crew.sleeps("a", 1), crew.sleeps("b", 2), sync=policy, saver=InMemorySaver())
    await graph.ainvoke({"task": "x"}, thread(), context=FIXED)
    again = await graph.ainvoke(None, {**await before_the_fan_out(graph), **config}, context=FIXED)
    assert statuses(again) == {"a": "succeeded", "b": "succeeded"}
    assert crew.calls == {"a": 2, "b": 2}


async def test_a_fork_with_another_task_runs_all_on_that() -> None:
    crew = Crew()
    graph = compiled(crew.sleeps("a", 1), crew.sleeps("b", 2), saver=InMemorySaver())
    await graph.ainvoke({"task": "old"}, thread(), context=FIXED)
    async for snapshot in graph.aget_state_history(thread()):
        if snapshot.next == ("coordinator",):
            fork = await graph.aupdate_state(snapshot.config, {"task": "new"})
            break
    result = await graph.ainvoke(None, fork, context=FIXED)
    assert set(statuses(result).values()) == {"succeeded"}
    assert [branch.task for branch in crew.branches] == ["old", "old", "new", "new"]


async def test_a_second_run_on_a_thread_starts_from_nothing() -> None:
    crew = Crew()
    graph = compiled(crew.sleeps("a", 1), crew.scores("b", 0.9), saver=InMemorySaver())
    first = await graph.ainvoke({"task": "one", "work": [{"specialist": "b"}]}, thread(), context=FIXED)
    second = await graph.ainvoke({"task": "two"}, thread(), context=FIXED)
    assert statuses(first) == {"b": "succeeded"}
    assert statuses(second) == {"a": "succeeded", "b": "succeeded"}  # not the first run's work again
    third = await graph.ainvoke({"work": [{"branch_id": "x", "specialist": "a"}]}, thread(), context=FIXED)
    assert statuses(third) == {"x": "succeeded"}
    assert [decision["round"] for decision in third["sync"]] == [0]
    # while the timeline and the conversation go on
    assert [line["event"] for line in third["timeline"]].count("ended") == 3
    assert len({message.id for message in third["messages"]}) == 3
    assert len({line["key"] for line in third["timeline"]}) == len(third["timeline"])


class Outer(TypedDict, total=False):
    task: str
    status: str
    quality: float


async def test_it_is_a_node_of_another_graph_whose_checkpointer_it_shares() -> None:
    crew = Crew()
    inner = compiled(crew.sleeps("a", 1), crew.sleeps("b", 2), crew.sleeps("c", 9))
    outer = StateGraph(Outer, context_schema=type(FIXED))
    outer.add_node("inner", inner)
    outer.add_edge(START, "inner")
    graph: Any = outer.compile(checkpointer=InMemorySaver())
    await crashed(graph, after_s=5)
    result = await graph.ainvoke(None, thread(), context=FIXED)
    assert result["status"] == "approved"
    assert crew.calls == {"a": 1, "b": 1, "c": 2}
    assert open_meetings() == 0
