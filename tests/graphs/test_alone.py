"""Quorum branches in a graph of the user's own: the worker it has, `fan_out` for its `Send`s, its own join."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send

from langgraph_quorum import QuorumContext, SyncPolicy, fan_out, quorum_branch
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from tests.graphs.quorums import Calls, Plain, State, crashed, echo, graph_of, outcome, seconds
from tests.graphs.running import PATIENT, statuses, thread

pytestmark = pytest.mark.looptime


async def test_stragglers_are_cut_once_enough_good_answers_are_in() -> None:
    began = asyncio.get_running_loop().time()
    result = await outcome(Calls().sleeps, seconds(a=1, b=2, c=3, slow=1000), SyncPolicy(threshold=0.75, grace_s=4))
    assert result["done"] == ["a", "b", "c"]
    assert result["joined"]
    assert statuses(result) == {
        "worker/a": "succeeded",
        "worker/b": "succeeded",
        "worker/c": "succeeded",
        "worker/slow": "cut",
    }
    assert asyncio.get_running_loop().time() - began == pytest.approx(3 + 4, abs=0.1)
    assert open_meetings() == 0


async def test_a_failure_neither_cancels_its_siblings_nor_writes_anything_but_its_record() -> None:
    async def picky(state: Any) -> dict[str, Any]:
        await asyncio.sleep(0 if state == "bad" else 30)
        if state == "bad":
            raise ValueError("bad input")
        return {"done": [state]}

    result = await outcome(picky, ["a", "bad", "b"], SyncPolicy(threshold=0.5))
    assert result["done"] == ["a", "b"]
    record = result["branches"]["worker/1"]
    assert record["error"] == {"type": "ValueError", "message": "bad input", "transient": False}
    assert (record["branch_id"], record["node"], record["result"]) == ("1", "worker", None)


async def test_nothing_of_an_update_is_copied_into_its_record() -> None:
    result = await outcome(Calls().sleeps, seconds(a=1))
    assert result["branches"]["worker/a"]["result"] is None


async def test_a_worker_that_fails_in_passing_is_tried_again_and_one_that_takes_too_long_is_timed_out() -> None:
    calls = Calls()

    async def flaky(state: Any) -> dict[str, Any]:
        calls[state] += 1
        if state == "hangs":
            await asyncio.sleep(1000)
        if calls[state] < 3:
            raise ConnectionError
        return {"done": [state]}

    result = await outcome(flaky, {"a": "a", "b": "hangs"}, PATIENT, attempts=3, backoff_s=1, timeout_s=10)
    assert statuses(result) == {"worker/a": "succeeded", "worker/b": "timed_out"}
    assert calls == {"a": 3, "hangs": 3}
    assert result["branches"]["worker/b"]["reason"] == "no answer within 10 s"


async def test_a_fallback_takes_over_and_a_hedge_comes_to_help() -> None:
    calls = Calls()

    async def breaks(state: Any) -> dict[str, Any]:
        raise ValueError(state)

    async def slow_at_first(state: Any) -> dict[str, Any]:
        calls[state] += 1
        await asyncio.sleep(100 if calls[state] == 1 else 1)
        return {"done": [calls[state]]}

    async def stands_in(state: Any) -> dict[str, Any]:
        return {"done": [f"{state} after all"]}

    result = await outcome(breaks, ["a"], fallback=stands_in)
    assert result["done"] == ["a after all"]
    assert result["branches"]["worker/0"]["specialist"] == "worker_fallback"
    hedged = await outcome(slow_at_first, ["a"], hedge_s=5)
    assert hedged["done"] == [2]
    assert hedged["branches"]["worker/0"]["settled_s"] == pytest.approx(6, abs=0.01)


async def test_no_more_run_at_once_than_fan_out_or_the_config_allows() -> None:
    peak: list[int] = []
    running = 0

    async def counts(state: Any) -> None:
        nonlocal running
        running += 1
        peak.append(running)
        await asyncio.sleep(1)
        running -= 1

    branch = quorum_branch(counts, PATIENT, name="worker")
    await graph_of(branch, lambda _: fan_out(branch, range(6), at_once=2)).ainvoke({})
    assert max(peak) == 2
    peak.clear()
    result = await graph_of(branch, lambda _: fan_out(branch, range(3))).ainvoke({}, {"max_concurrency": 1})
    assert max(peak) == 1
    assert set(statuses(result).values()) == {"succeeded"}
    assert open_meetings() == 0


async def test_a_limit_of_one_at_a_time_does_not_hide_who_finished_before() -> None:
    branch = quorum_branch(Calls().sleeps, SyncPolicy(threshold=0.5, grace_s=0), name="worker")
    graph = graph_of(branch, lambda _: fan_out(branch, seconds(a=1, b=1, c=1, d=1)))
    result = await graph.ainvoke({}, {"max_concurrency": 1})
    assert result["done"] == ["a", "b"]


async def test_nodes_behind_the_branches_can_see_how_the_fan_out_ended() -> None:
    branch = quorum_branch(Calls().sleeps, SyncPolicy(threshold=0.5, grace_s=1), name="worker")
    seen: list[Any] = []

    async def join(state: State) -> None:
        seen.append(branch.decisions(state["branches"]))

    builder = StateGraph(State, context_schema=QuorumContext)
    builder.add_node(branch)
    builder.add_node("join", join)
    builder.add_conditional_edges(START, lambda _: fan_out(branch, seconds(a=1, b=9)), ["worker"])
    builder.add_edge("worker", "join")
    graph = builder.compile()
    await graph.ainvoke({})
    await graph.ainvoke({}, context=QuorumContext(threshold=1.0, deadline_s=5))
    first, second = (decisions["main"] for decisions in seen)
    assert (first["reason"], first["status"]) == ("grace_expired", "conditional_proceed")
    assert (first["completed"], first["remaining"]) == (["a"], ["b"])
    assert (second["reason"], second["status"], second["threshold"]) == ("deadline_partial", "timeout_recovery", 1.0)
    assert branch.decisions({}) == {}


async def test_several_sync_points_count_the_branches_that_they_name() -> None:
    sync = [
        SyncPolicy(name="core", branches=("a", "b"), threshold=1.0, deadline_s=100),
        SyncPolicy(threshold=0.5, grace_s=1),
    ]
    branch = quorum_branch(Calls().sleeps, sync, name="worker")
    result = await graph_of(branch, lambda _: fan_out(branch, seconds(a=5, b=6, c=1, slow=50))).ainvoke({})
    assert statuses(result)["worker/slow"] == "cut"
    assert {name: one["reason"] for name, one in branch.decisions(result["branches"]).items()} == {
        "core": "all_done",
        "main": "grace_expired",
    }


async def test_an_answer_may_be_decisive_and_the_policy_sees_updates() -> None:
    policy = SyncPolicy(threshold=1.0, until=lambda updates: any("b" in one["done"] for one in updates.values()))
    result = await outcome(Calls().sleeps, seconds(a=1, b=2, c=3), policy)
    assert statuses(result) == {"worker/a": "succeeded", "worker/b": "succeeded", "worker/c": "cut"}
    assert result["branches"]["worker/b"]["result"] == {"done": ["b"]}


async def test_two_quorum_branches_in_one_superstep_each_have_their_own_quorum() -> None:
    calls = Calls()
    web = quorum_branch(calls.sleeps, SyncPolicy(threshold=0.5, grace_s=0), name="web")
    docs = quorum_branch(calls.sleeps, SyncPolicy(threshold=1.0), name="docs")
    builder = StateGraph(State)
    builder.add_node(web)
    builder.add_node(docs)

    def both(state: State) -> list[Send]:
        return [*fan_out(web, seconds(a=1, b=50)), *fan_out(docs, seconds(a=10, b=20))]

    builder.add_conditional_edges(START, both, ["web", "docs"])
    graph: Any = builder.compile(checkpointer=InMemorySaver())
    await crashed(graph, after_s=15)
    result = await graph.ainvoke(None, thread())
    assert statuses(result) == {
        "docs/a": "succeeded",
        "docs/b": "succeeded",
        "web/a": "succeeded",
        "web/b": "cut",
    }
    assert calls == {"a": 2, "b": 3}  # both called a once; only docs' b was cut off


async def test_a_later_fan_out_of_a_node_takes_the_place_of_the_earlier() -> None:
    branch = quorum_branch(Calls().sleeps, SyncPolicy(threshold=0.1, grace_s=2), name="worker")

    def route(state: Any) -> Any:
        rounds = len(state.get("done", []))
        return fan_out(branch, [seconds(a=1)["a"]] * 3 if not rounds else [seconds(b=1)["b"], {"name": "bad"}])

    builder = StateGraph(State)
    builder.add_node(branch)
    builder.add_node("loop", lambda _state: {"joined": True})
    builder.add_edge("worker", "loop")
    builder.add_conditional_edges(START, route, ["worker"])
    builder.add_conditional_edges("loop", lambda state: route(state) if len(state["done"]) == 3 else "__end__")
    result = await builder.compile().ainvoke({})
    assert result["done"] == ["a", "a", "a", "b"]
    assert statuses(result) == {"worker/0": "succeeded", "worker/1": "failed"}  # what failed now had succeeded before


async def test_it_works_in_a_nested_graph_that_shares_its_parents_checkpointer() -> None:
    calls = Calls()
    branch = quorum_branch(calls.sleeps, PATIENT, name="worker")
    inner = graph_of(branch, lambda _: fan_out(branch, seconds(a=1, b=9)), schema=Plain)
    builder = StateGraph(Plain)
    builder.add_node("inner", inner)
    builder.add_edge(START, "inner")
    graph: Any = builder.compile(checkpointer=InMemorySaver())
    await crashed(graph, after_s=5)
    result = await graph.ainvoke(None, thread())
    assert result["done"] == ["a", "b"]
    assert calls == {"a": 1, "b": 2}


async def test_a_node_may_fan_out_with_a_command() -> None:
    branch = quorum_branch(echo, name="worker")

    async def plan(state: State) -> Command[Any]:
        return Command(goto=fan_out(branch, ["a", "b"]))

    builder = StateGraph(State)
    builder.add_node("plan", plan)
    builder.add_node(branch)
    builder.add_edge(START, "plan")
    assert (await builder.compile().ainvoke({}))["done"] == ["a", "b"]
