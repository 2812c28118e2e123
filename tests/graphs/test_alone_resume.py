"""Questions, crashes and drains: what has finished in a graph of the user's own is not done again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl
from langgraph.types import Command, interrupt

from langgraph_quorum import SyncPolicy, fan_out, quorum_branch
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from tests.graphs.quorums import Calls, Plain, State, crashed, graph_of, seconds
from tests.graphs.running import PATIENT, statuses, thread

pytestmark = pytest.mark.looptime


async def test_a_worker_asks_a_human_and_is_answered_by_id_while_finished_ones_are_not_called_again() -> None:
    calls = Calls()

    async def worker(state: str) -> dict[str, Any]:
        calls[state] += 1
        return {"done": [state if state == "quiet" else interrupt(f"may {state}?")]}

    branch = quorum_branch(worker, PATIENT, name="worker")
    graph = graph_of(branch, lambda _: fan_out(branch, ["quiet", "a", "b"]), saver=InMemorySaver())
    waiting = await graph.ainvoke({}, thread())
    answers = {one.id: one.value.replace("may", "yes,") for one in waiting["__interrupt__"]}
    result = await graph.ainvoke(Command(resume=answers), thread())
    assert result["done"] == ["quiet", "yes, a?", "yes, b?"]
    assert calls == {"quiet": 1, "a": 2, "b": 2}
    assert set(statuses(result).values()) == {"succeeded"}
    assert open_meetings() == 0


@pytest.mark.parametrize("schema", [State, Plain], ids=["with records", "without"])
async def test_after_a_crash_finished_workers_are_not_called_again_and_count_for_the_quorum(schema: Any) -> None:
    calls = Calls()
    branch = quorum_branch(calls.sleeps, SyncPolicy(threshold=0.75, grace_s=10), name="worker")
    payloads = seconds(a=1, b=1, c=1, slow=100)
    graph = graph_of(branch, lambda _: fan_out(branch, payloads), schema=schema, saver=InMemorySaver())
    await crashed(graph, after_s=5)
    began = asyncio.get_running_loop().time()
    result = await graph.ainvoke(None, thread())
    assert calls == {"a": 1, "b": 1, "c": 1, "slow": 2}
    assert result["done"] == ["a", "b", "c"]
    assert asyncio.get_running_loop().time() - began == pytest.approx(10, abs=0.1)  # the grace alone


async def test_after_a_crash_a_dependent_still_gets_the_update_of_a_finished_branch() -> None:
    calls = Calls()

    async def worker(state: Any) -> dict[str, Any]:
        await calls.sleeps(state)
        return {"done": [(state["name"], state.get("inputs"))]}

    branch = quorum_branch(worker, PATIENT, name="worker")
    work: Any = [
        {"branch_id": "a", "payload": {"name": "a", "seconds": 1}},
        {"branch_id": "b", "payload": {"name": "b", "seconds": 9}, "depends_on": ["a"]},
    ]
    graph = graph_of(branch, lambda _: fan_out(branch, work=work), saver=InMemorySaver())
    await crashed(graph, after_s=5)
    result = await graph.ainvoke(None, thread())
    assert calls == {"a": 1, "b": 2}
    assert result["done"][1] == ("b", {"a": {"done": [["a", None]]}})  # in JSON, as it would be without the crash


@pytest.mark.parametrize("bundle", [None, 3])
async def test_a_drain_stops_what_runs_and_a_resume_finishes_it(bundle: Any) -> None:
    calls, control = Calls(), RunControl()
    branch = quorum_branch(calls.sleeps, PATIENT, name="worker")
    payloads = seconds(a=1, b=100, c=100)
    graph = graph_of(branch, lambda _: fan_out(branch, payloads, bundle=bundle), saver=InMemorySaver())
    asyncio.get_running_loop().call_later(5, control.request_drain)
    with pytest.raises(GraphDrained):
        await graph.ainvoke({}, thread(), control=control)
    result = await graph.ainvoke(None, thread())
    assert result["done"] == ["a", "b", "c"]
    assert calls["a"] == (1 if bundle is None else 2)  # a bundle returns as a whole
    assert open_meetings() == 0


@pytest.mark.parametrize(
    ("saver", "limits", "writers"), [(True, {}, 3), (False, {}, 1), (False, {"max_concurrency": 1}, 3)]
)
async def test_records_are_written_one_by_one_where_they_may_be_needed_else_by_the_last(
    saver: bool, limits: dict[str, Any], writers: int
) -> None:
    branch = quorum_branch(Calls().sleeps, PATIENT, name="worker")
    payloads = seconds(a=3, b=1, c=2)
    graph = graph_of(branch, lambda _: fan_out(branch, payloads), saver=InMemorySaver() if saver else None)
    updates = [part async for part in graph.astream({}, {**thread(), **limits}, stream_mode="updates")]
    written = [one["worker"]["branches"] for one in updates if "branches" in one.get("worker", {})]
    assert len(written) == writers
    assert sorted(name for one in written for name in one) == ["worker/a", "worker/b", "worker/c"]
    if writers == 1:
        assert list(written[0]) == ["worker/a", "worker/b", "worker/c"]  # as they were sent, not as they ended
