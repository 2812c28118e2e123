"""What a quorum branch takes for a worker: what LangGraph takes for a node, and does with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from langgraph.types import Command, Overwrite, StreamWriter, interrupt
from pydantic import BaseModel
from typing_extensions import TypedDict

from langgraph_quorum import Answer, QuorumContext, SyncPolicy, fan_out, quorum_branch
from tests.graphs.quorums import Calls, Plain, State, echo, graph_of, outcome, seconds
from tests.graphs.running import PATIENT, statuses, thread

pytestmark = pytest.mark.looptime


async def test_a_worker_gets_its_parameters_from_langgraph() -> None:
    async def worker(
        state: str, config: RunnableConfig, *, runtime: Runtime[QuorumContext], store: BaseStore, writer: StreamWriter
    ) -> dict[str, Any]:
        writer({"mine": state})
        await store.aput(("notes",), state, {})
        return {"done": [config["tags"], runtime.context.threshold]}

    store = InMemoryStore()
    branch = quorum_branch(worker, name="worker")
    graph = graph_of(branch, lambda _: fan_out(branch, ["x"]), store=store)
    context = QuorumContext(threshold=0.4)
    events = graph.astream({}, {"tags": ["t"]}, context=context, stream_mode=["custom", "values"])
    seen = [part async for part in events]
    assert ("custom", {"mine": "x"}) in seen
    assert seen[-1][1]["done"] == [["t"], 0.4]
    assert await store.aget(("notes",), "x") is not None


def in_a_thread(state: str, runtime: Runtime[QuorumContext], config: RunnableConfig) -> dict[str, Any]:
    return {"done": [state, config["tags"], runtime.context.threshold]}


@pytest.mark.looptime(False)
async def test_a_sync_worker_runs_in_a_thread_with_its_parameters() -> None:
    branch = quorum_branch(in_a_thread, name="worker")
    graph = graph_of(branch, lambda _: fan_out(branch, ["x"]))
    result = await graph.ainvoke({}, {"tags": ["t"]}, context=QuorumContext(threshold=0.3))
    assert result["done"] == ["x", ["t"], 0.3]


class Topic(BaseModel):
    name: str


@dataclass
class Doc:
    name: str


@pytest.mark.parametrize("payload", [{"name": "x"}, Topic(name="x"), Doc("x"), "x", 7, None])
async def test_a_payload_reaches_the_worker_as_it_was_sent(payload: Any) -> None:
    async def worker(state: Any) -> dict[str, Any]:
        return {"done": [state]}

    result = await outcome(worker, [payload])
    assert result["done"] == [payload]
    assert type(result["done"][0]) is type(payload)


async def test_a_worker_may_return_a_command_several_updates_or_nothing() -> None:
    async def worker(state: Any) -> Any:
        return state

    payloads = {
        "command": Command(update={"done": ["one"]}),
        "pairs": Command(update=[("done", ["two"])]),
        "list": [{"done": ["three"]}, Command(update={"done": ["four"]})],
        "none": None,
        "costs": Answer({"done": ["five"]}, cost=0.5),
    }
    result = await outcome(worker, payloads)
    assert result["done"] == ["one", "two", "three", "four", "five"]
    assert set(statuses(result).values()) == {"succeeded"}
    assert result["branches"]["worker/costs"]["cost"] == 0.5


async def test_a_command_may_send_the_run_on() -> None:
    async def worker(state: Any) -> Command[str]:
        return Command(update={"done": [state]}, goto="aside")

    async def aside(state: State) -> dict[str, Any]:
        return {"done": ["aside"]}

    branch = quorum_branch(worker)
    builder = StateGraph(State)
    builder.add_node(branch)
    builder.add_node("aside", aside)
    builder.add_conditional_edges(START, lambda _: fan_out(branch, ["a", "b"]), ["worker"])
    assert (await builder.compile().ainvoke({}))["done"] == ["a", "b", "aside"]


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        ("text", "it returned a str: return a dict of the state's keys, or a Command"),
        ([{"done": []}], "it returned a list without any Command"),
        (Command(graph=Command.PARENT, update={}), "its Command is for another graph"),
        (Answer({}, work=[{"branch_id": "more"}]), "only build_workflow sends them out"),
        (
            {"done": 3},
            "its update of 'done' is of type int, which the state's reducer does not take: can only concatenate list",
        ),
        (Command(update=[("done", "text")]), "its update of 'done' is of type str"),
        ([{"done": ("a",)}, Command()], "its update of 'done' is of type tuple"),
        ({"branches": {"x": 1}}, "its update has the key 'branches', under which the records of branches are kept"),
        (Command(update={"branches": {}}), "its update has the key 'branches'"),
    ],
    ids=["text", "list", "parent", "work", "number", "pairs", "tuple", "records", "records-by-command"],
)
async def test_an_update_that_langgraph_would_not_take_fails_its_branch_alone(update: Any, reason: str) -> None:
    async def worker(state: Any) -> Any:
        return state

    result = await outcome(worker, [{"done": ["fine"]}, update], SyncPolicy(threshold=0.5))
    assert result["done"] == ["fine"]
    assert reason in result["branches"]["worker/1"]["reason"]


async def test_an_update_that_replaces_what_the_state_holds_is_taken_whatever_the_reducer() -> None:
    async def worker(state: Any) -> Any:
        return {"done": Overwrite(["all"])}

    assert (await outcome(worker, ["a"]))["done"] == ["all"]


async def test_the_records_of_a_graph_within_stay_its_own() -> None:
    inner = quorum_branch(echo, name="worker")
    within = graph_of(inner, lambda _: fan_out(inner, ["x", "y"]))
    result = await outcome(within, {"a": {}})
    assert (result["done"], statuses(result)) == (["x", "y"], {"worker/a": "succeeded"})


class Inner(TypedDict):
    done: list[Any]


async def adds(state: Inner) -> dict[str, Any]:
    return {"done": [*state["done"], "inner"]}


async def hands_over(state: Inner) -> Command[str]:
    return Command(graph=Command.PARENT, update={"done": ["handed over"]})


@pytest.mark.parametrize(("node", "done"), [(adds, ["x", "inner"]), (hands_over, ["handed over"])])
async def test_a_compiled_graph_is_a_worker_too_and_may_hand_its_update_up(node: Any, done: list[str]) -> None:
    builder = StateGraph(Inner)
    builder.add_node("inner", node)
    builder.add_edge(START, "inner")
    result = await outcome(builder.compile(), [{"done": ["x"]}])
    assert result["done"] == done
    assert statuses(result) == {"worker/0": "succeeded"}


async def test_a_compiled_graph_that_asks_a_human_goes_on_where_it_asked() -> None:
    calls = Calls()

    async def before(state: Inner) -> dict[str, Any]:
        calls["before"] += 1
        return {"done": state["done"]}

    async def asks(state: Inner) -> dict[str, Any]:
        return {"done": [*state["done"], interrupt("may I?")]}

    inner = StateGraph(Inner)
    inner.add_node("before", before)
    inner.add_node("asks", asks)
    inner.add_edge(START, "before")
    inner.add_edge("before", "asks")
    branch = quorum_branch(inner.compile(), PATIENT, name="worker")
    graph = graph_of(branch, lambda _: fan_out(branch, [{"done": ["x"]}], bundle=5), saver=InMemorySaver())
    waiting = await graph.ainvoke({}, thread())
    (question,) = waiting["__interrupt__"]
    assert (await graph.ainvoke(Command(resume={question.id: "yes"}), thread()))["done"] == ["x", "yes"]
    assert calls["before"] == 1


async def test_a_runnable_is_a_worker_too() -> None:
    assert (await outcome(RunnableLambda(echo), ["x"]))["done"] == ["x"]


async def test_the_state_needs_not_know_of_the_records() -> None:
    branch = quorum_branch(Calls().sleeps, name="worker")
    graph = graph_of(branch, lambda _: fan_out(branch, seconds(a=1, b=2)), schema=Plain)
    assert await graph.ainvoke({}) == {"done": ["a", "b"], "joined": True}


async def test_a_node_of_any_name_can_be_a_quorum_branch() -> None:
    branch = quorum_branch(echo, name="validator")
    builder = StateGraph(State)
    builder.add_node("validator", branch)
    builder.add_conditional_edges(START, lambda _: fan_out(branch, ["x"]), ["validator"])
    assert statuses(await builder.compile().ainvoke({})) == {"validator/0": "succeeded"}
