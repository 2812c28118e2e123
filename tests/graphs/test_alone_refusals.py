"""Mistakes with quorum branches: each is refused in words that name the mend."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Send

from langgraph_quorum import SyncPolicy, fan_out, quorum_branch
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from tests.graphs.quorums import Calls, Plain, State, echo, graph_of, outcome, seconds
from tests.graphs.running import statuses

pytestmark = pytest.mark.looptime


async def takes_two(state: Any, more: Any) -> None: ...


def takes_none() -> None: ...


ECHO = quorum_branch(echo, name="worker")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"payloads": []}, "nothing to send, so the node behind it would never run"),
        ({"payloads": {}}, "nothing to send"),
        ({"work": []}, "nothing to send"),
        ({}, "either payloads or 'work'"),
        ({"payloads": "text"}, "fan_out was given a str: give a list"),
        ({"payloads": {1: "x"}}, "branch id 1: give a non-empty string"),
        ({"work": ["x"]}, r"work\[0\] is a str: give a dict"),
        ({"work": [{"paylaod": {}}]}, r"work\[0\] has the unknown key 'paylaod': did you mean 'payload'"),
        ({"work": [{"branch_id": "a"}, {"branch_id": "a"}]}, "'a' is used twice"),
        ({"work": [{"depends_on": ["nobody"]}]}, "'nobody', neither a branch of the work nor a sync point"),
        ({"work": [{"payload": 1, "depends_on": ["1"]}, {}]}, "give a dict without the key 'inputs'"),
        ({"work": [{"payload": {"inputs": 1}, "depends_on": ["1"]}, {}]}, "give a dict without the key 'inputs'"),
        ({"work": [{"when": "ready"}]}, "no conditions"),
        ({"work": [{"timeout_s": 0}]}, "timeout_s=0: give seconds above 0"),
    ],
)
async def test_what_cannot_be_sent_is_refused(given: Any, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        fan_out(ECHO, **given)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (SyncPolicy(must=("b",)), "must names 'b', which is not in the work"),
        (SyncPolicy(minimum=2), "minimum=2 of sync point 'main', but fan_out has only 1 branches"),
        (SyncPolicy(successes=2), "successes=2"),
    ],
)
async def test_a_policy_that_the_branches_cannot_meet_is_refused_before_anything_starts(
    policy: SyncPolicy, message: str
) -> None:
    calls = Calls()
    with pytest.raises(PlanError, match=message):
        await outcome(calls.sleeps, seconds(a=1), policy)
    assert not calls


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"branch": "worker"}, "give what quorum_branch"),
        ({"branch": ECHO, "at_once": 0}, "at_once=0: give a whole number from 1"),
        ({"branch": ECHO, "bundle": "all"}, "bundle='all'"),
    ],
)
async def test_a_wrong_argument_of_fan_out_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        fan_out(given.pop("branch"), ["x"], **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"worker": "worker"}, "worker='worker': give the node's function"),
        ({"worker": StateGraph(Plain)}, "a compiled graph"),
        ({"worker": partial(echo)}, "name=None: the worker has no name of its own"),
        ({"worker": takes_two}, "worker=<function takes_two.*: give a function that is called with a Send's payload"),
        ({"worker": takes_none}, "worker=<function takes_none.*: give a function that is called"),
        ({"fallback": takes_two}, "fallback=<function takes_two.*: give a function that is called"),
        ({"sync": SyncPolicy(on_straggler="harvest")}, "only build_workflow takes late results in"),
        ({"sync": SyncPolicy(on_question="park")}, "only build_workflow works late answers in"),
        ({"sync": SyncPolicy(min_quality=0.5)}, "only build_workflow scores"),
        ({"sync": [SyncPolicy(types=("x",), name="x")]}, "one node is of one type"),
        ({"timeout": 5}, "timeout=5: did you mean 'timeout_s'"),
        ({"timeout_s": 0}, "timeout_s=0: give seconds above 0"),
        ({"capacities": {"seats": -1}}, "seats"),
    ],
)
async def test_a_wrong_argument_of_quorum_branch_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        quorum_branch(given.pop("worker", echo), **given)


async def test_a_plain_send_or_an_edge_to_a_quorum_branch_names_fan_out() -> None:
    with pytest.raises(PlanError, match=r"return fan_out\(branch, payloads\)"):
        await graph_of(ECHO, lambda _: [Send("worker", {"name": "a"})]).ainvoke({})
    builder = StateGraph(State)
    builder.add_node(ECHO)
    builder.add_edge(START, "worker")
    with pytest.raises(PlanError, match=r"return fan_out\(branch, payloads\)"):
        await builder.compile().ainvoke({})


async def test_a_node_of_another_name_is_refused() -> None:
    other = quorum_branch(echo, name="wroker")
    with pytest.raises(PlanError, match=r"no node 'wroker' to fan out to \(did you mean 'worker'"):
        await graph_of(other, lambda _: fan_out(other, ["x"])).ainvoke({})


async def test_two_quorum_branches_that_have_each_others_name_are_refused() -> None:
    one, two = quorum_branch(echo, name="one"), quorum_branch(echo, name="two")
    builder = StateGraph(State)
    builder.add_node("one", two)
    builder.add_node("two", one)
    builder.add_conditional_edges(START, lambda _: fan_out(one, ["x"]), ["one"])
    with pytest.raises(PlanError, match="the name 'two' and is the node of 'one'"):
        await builder.compile().ainvoke({})


@pytest.mark.parametrize("schema", [State, Plain])
async def test_a_fan_out_to_a_worker_that_was_left_as_it_was_is_refused(schema: Any) -> None:
    async def reads(state: Any) -> dict[str, Any]:
        return {"done": [state["name"]]}

    with pytest.raises(PlanError, match="give add_node what quorum_branch returned"):
        await graph_of(reads, lambda _: fan_out(ECHO, [{"name": "a"}]), schema=schema).ainvoke({})


async def test_a_graph_that_would_drop_the_records_is_refused() -> None:
    graph = graph_of(ECHO, lambda _: fan_out(ECHO, ["x"]), schema=Plain, input_schema=Plain)
    with pytest.raises(PlanError, match="let the state inherit QuorumBranches"):
        await graph.ainvoke({})
    kept = graph_of(ECHO, lambda _: fan_out(ECHO, ["x"]), input_schema=Plain)
    assert statuses(await kept.ainvoke({})) == {"worker/0": "succeeded"}
