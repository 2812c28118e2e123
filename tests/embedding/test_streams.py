"""Whoever streams an app hears the workflow in it, and of each part which branch it is about."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langgraph.config import get_stream_writer
from langgraph.graph import START, MessagesState, StateGraph

from langgraph_quorum import Branch, Specialist, Tuning, build_workflow
from langgraph_quorum.graphs.composition import scatter
from langgraph_quorum.graphs.workflow import QuorumBuilder
from tests.embedding.parents import WAYS, Shared, Way, app, around

MODES = ["updates", "values", "custom", "messages", "tasks"]
every_way = pytest.mark.parametrize("way", WAYS)


async def asks(branch: Branch) -> dict[str, Any]:
    """Lets a chat model say the branch's id, word by word, and tells of its own progress."""
    get_stream_writer()({"asked_by": branch.branch_id})
    model = GenericFakeChatModel(messages=iter([f"said by {branch.branch_id}"]))
    return {"text": (await model.ainvoke(branch.task)).content, "confidence": 0.9}


def threads(branch: Branch) -> dict[str, Any]:
    """The same in a thread."""
    model = GenericFakeChatModel(messages=iter([f"said by {branch.branch_id}"]))
    return {"text": model.invoke(branch.task).content, "confidence": 0.9}


def workflow() -> QuorumBuilder:
    return build_workflow([Specialist("asks", asks), Specialist("threads", threads)], merge="merge_all")


async def heard(graph: Any, given: Any, *modes: str, subgraphs: bool = True) -> list[dict[str, Any]]:
    """The parts of a stream."""
    parts = graph.astream(given, stream_mode=list(modes), subgraphs=subgraphs, version="v2")
    return [part async for part in parts]


def inside(parts: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Those of one kind that come from inside the workflow."""
    return [part for part in parts if part["type"] == kind and part["ns"]]


@every_way
async def test_all_modes_pass_through_the_app(way: Way) -> None:
    graph, given = app(way, workflow())
    parts = await heard(graph, given, *MODES)
    assert {part["type"] for part in parts if part["ns"]} == set(MODES)
    (namespace,) = {tuple(part["ns"]) for part in parts if part["ns"]}
    assert namespace[0].startswith("tools:" if way == "tool" else "review:")
    assert namespace[1:] == (("review:call-0",) if way == "tool" else ())


@every_way
async def test_updates_and_progress_name_the_branch(way: Way) -> None:
    graph, given = app(way, workflow())
    parts = await heard(graph, given, "updates", "custom")
    updates = [part["data"] for part in inside(parts, "updates")]
    ended = {
        branch_id: record["status"]
        for update in updates
        for name in ("asks", "threads")
        for branch_id, record in update.get(name, {}).get("branches", {}).items()
    }
    assert ended == {"asks": "succeeded", "threads": "succeeded"}
    custom = [part["data"] for part in inside(parts, "custom")]
    assert {event["branch_id"] for event in custom if "quorum" in event} == {"asks", "threads"}
    assert {"asked_by": "asks"} in custom  # what a specialist tells by itself


@every_way
async def test_tokens_name_the_specialist(way: Way) -> None:
    graph, given = app(way, workflow())
    said: dict[str, str] = {}
    for part in inside(await heard(graph, given, "messages"), "messages"):
        message, metadata = part["data"]
        said[metadata["langgraph_node"]] = said.get(metadata["langgraph_node"], "") + message.content
    assert said["asks"] == "said by asks"
    assert said["threads"] == "said by threads"


async def test_tokens_of_branches_of_one_specialist_are_told_apart_by_their_task() -> None:
    graph = around(workflow().compile(), Shared)
    given = {"task": "look", "work": scatter("asks", [{}] * 3, name="n")}
    parts = await heard(graph, given, "messages", "tasks")
    branch_of = {
        part["data"]["id"]: part["data"]["input"]["calls"][0]["item"]["branch_id"]
        for part in inside(parts, "tasks")
        if part["data"]["name"] == "asks" and "input" in part["data"]
    }
    said = dict.fromkeys(branch_of.values(), "")
    for part in inside(parts, "messages"):
        message, metadata = part["data"]
        if metadata["langgraph_node"] == "asks":
            said[branch_of[metadata["langgraph_checkpoint_ns"].rpartition(":")[2]]] += message.content
    assert said == {f"n/{number}": f"said by n/{number}" for number in range(3)}


async def test_a_task_begins_with_its_branch_and_ends_with_its_record() -> None:
    graph = around(workflow().compile(), Shared)
    tasks = [part["data"] for part in inside(await heard(graph, {"task": "look"}, "tasks"), "tasks")]
    begun = {task["id"]: task["input"]["calls"][0]["item"]["branch_id"] for task in tasks if _begins_a_branch(task)}
    ended = {task["id"]: list(task["result"]["branches"]) for task in tasks if "result" in task and task["id"] in begun}
    assert sorted(begun.values()) == ["asks", "threads"]
    assert ended == {task: [branch_id] for task, branch_id in begun.items()}


def _begins_a_branch(task: dict[str, Any]) -> bool:
    return "input" in task and task["name"] in ("asks", "threads")


async def test_the_states_inside_show_branches_as_they_end_and_the_apps_own_show_the_result() -> None:
    graph = around(workflow().compile(), Shared)
    parts = await heard(graph, {"task": "look"}, "values")
    counts = [len(part["data"].get("branches", {})) for part in inside(parts, "values")]
    assert (counts[0], counts[-1]) == (0, 2)
    own = [part["data"] for part in parts if not part["ns"]]
    assert own[-1]["status"] == "approved"
    assert own[-1]["steps"] == ["before", "after"]


async def test_an_app_that_does_not_ask_for_subgraphs_hears_its_own_steps_only() -> None:
    graph = around(workflow().compile(), Shared)
    parts = await heard(graph, {"task": "look"}, *MODES, subgraphs=False)
    assert {tuple(part["ns"]) for part in parts} == {()}
    assert [list(part["data"]) for part in parts if part["type"] == "updates"] == [["before"], ["review"], ["after"]]


async def test_a_specialist_that_is_a_graph_is_heard_under_its_own_name() -> None:
    async def think(state: MessagesState) -> MessagesState:
        model = GenericFakeChatModel(messages=iter(["a thought"]))
        return {"messages": [await model.ainvoke(state["messages"])]}

    thinker = StateGraph(MessagesState).add_node("think", think).add_edge(START, "think").compile()
    graph = around(build_workflow([Specialist("thinker", thinker)]).compile(), Shared)
    parts = inside(await heard(graph, {"task": "look"}, "messages"), "messages")
    names = {tuple(step.partition(":")[0] for step in part["ns"]) for part in parts if part["data"][0].content == "a"}
    assert names == {("review", "thinker")}


@pytest.mark.parametrize("bundle", [None, 2])
@pytest.mark.parametrize("specialist", ["asks", "threads"])
async def test_every_token_names_its_branch_also_where_branches_share_a_task(specialist: str, bundle: Any) -> None:
    crew = [Specialist("asks", asks), Specialist("threads", threads)]
    graph = around(build_workflow(crew, merge="merge_all", tuning=Tuning(bundle=bundle)).compile(), Shared)
    given = {"task": "look", "work": scatter(specialist, [{}] * 4, name="n")}
    said: dict[str, str] = {}
    for part in inside(await heard(graph, given, "messages"), "messages"):
        message, metadata = part["data"]
        if metadata["langgraph_node"] == specialist:
            said[metadata["quorum_branch"]] = said.get(metadata["quorum_branch"], "") + message.content
    assert said == {f"n/{number}": f"said by n/{number}" for number in range(4)}
