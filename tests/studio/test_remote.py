"""A workflow on a server is used from elsewhere as a graph: by a client, and as a node of another graph."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.pregel.remote import RemoteGraph
from langgraph.types import Command
from langgraph_sdk.errors import BadRequestError
from typing_extensions import TypedDict

from tests.docs.pages import DOCS, blocks
from tests.studio.server import ROOT, Studio

pytestmark = pytest.mark.xdist_group("studio")

PAGE = (DOCS / "howto" / "embed.md").read_text("utf-8")
SPEAKERS = {"poet", "critic"}
BRANCHES = {*SPEAKERS, "held"}
MODES: Any = ["updates", "values", "custom", "messages", "tasks"]
FAULTY = [str(ROOT / "examples" / "documents" / name) for name in ("pep-0020.rst", "pep-0257.rst")]
SIGNING = "document_sign_off"


class Parent(TypedDict, total=False):
    task: str
    status: str
    result: Any


class Context(TypedDict, total=False):
    merge: str


def parent_of(review: Any) -> Any:
    builder: Any = StateGraph(Parent, context_schema=Context)
    return builder.add_node("review", review).add_edge(START, "review").compile(InMemorySaver())


def thread() -> Any:
    return {"configurable": {"thread_id": str(uuid.uuid4())}}


@pytest.fixture
def talk(studio: Studio) -> RemoteGraph:
    return RemoteGraph("talk", url=studio.address)


Page = Callable[[str], dict[str, Any]]


@pytest.fixture
def page(studio: Studio) -> Page:
    """What the block of embed.md makes, on this server and, if wished, with another graph of it."""
    (block,) = [text for text in blocks(PAGE, "python") if "SERVER =" in text]
    assert "http://127.0.0.1:2024" in block
    names = ("Any", "Command", "InMemorySaver", "START", "StateGraph", "TypedDict")

    def made(graph: str) -> dict[str, Any]:
        here = block.replace("http://127.0.0.1:2024", studio.address).replace(SIGNING, graph)
        space: dict[str, Any] = {name: globals()[name] for name in names}
        exec(compile(here, "embed.md", "exec", dont_inherit=True), space)
        return space

    return made


async def test_a_remote_workflow_is_drawn_streamed_and_its_state_read(talk: RemoteGraph) -> None:
    drawn = await talk.aget_graph()
    assert {"poet", "critic", "sync_point"} <= drawn.nodes.keys()
    config, context = thread(), {"merge": "consensus"}
    stream = talk.astream({"task": "it"}, config, context=context, stream_mode="updates")
    updates = [name async for part in stream for name in part]
    assert updates[:2] == ["analyzer", "coordinator"]
    assert set(updates[2:5]) == BRANCHES
    assert updates[5:] == ["sync_point", "merger", "validator", "integrator"]
    state = await talk.aget_state(config)
    assert (state.next, state.values["status"]) == ((), "approved")
    assert state.values["result"]["verdict"] == "good"  # two against one


async def named(stream: AsyncIterator[Any]) -> dict[str, set[str]]:
    """The branches that the parts of each mode name, in v2 parts of the run itself, in the ways that embed.md says."""
    found: dict[str, set[str]] = defaultdict(set)
    async for part in stream:
        data = part["data"]
        match part["type"]:
            case "updates":
                found["updates"] |= {name for update in data.values() for name in update.get("branches", {})}
            case "values":
                found["values"] |= data.get("branches", {}).keys()
            case "custom":
                found["custom"] |= {data["branch_id"]} if "branch_id" in data else set()
            case "messages":
                found["messages"] |= {data[1]["quorum_branch"]} if "quorum_branch" in data[1] else set()
            case "tasks":
                found["calls"] |= {call["item"]["branch_id"] for call in data.get("input", {}).get("calls", [])}
                found["tasks"] |= (data.get("result") or {}).get("branches", {}).keys()
    return found


NAMED = {
    "updates": BRANCHES,
    "values": BRANCHES,
    "custom": BRANCHES,
    "messages": SPEAKERS,
    "calls": BRANCHES,
    "tasks": BRANCHES,
}


async def inside(app: Any) -> AsyncIterator[Any]:
    """The parts of the workflow that a parent's streams let through, each under the name of its node."""
    stream = app.astream({"task": "it"}, thread(), stream_mode=MODES, subgraphs=True, version="v2")
    async for part in stream:
        if part["ns"]:
            assert part["ns"][0].startswith("review:")
            yield part


async def test_every_mode_names_the_branches_to_a_client_and_to_the_parent_of_a_node_or_a_function(
    talk: RemoteGraph,
) -> None:
    async def given_on(state: Parent, config: RunnableConfig) -> Any:
        return await talk.ainvoke({"task": state["task"]}, config)

    async def kept(state: Parent) -> Any:
        return await talk.ainvoke({"task": state["task"]})

    by_itself = talk.astream({"task": "it"}, thread(), stream_mode=MODES, version="v2")
    parents = [inside(parent_of(review)) for review in (talk, given_on, kept)]
    client, node, function, without_config = await asyncio.gather(*map(named, (by_itself, *parents)))
    assert client == node == function == NAMED
    assert without_config == {}


async def test_a_node_has_a_thread_of_the_parents_id_and_the_context_of_an_assistant_or_a_call_but_not_the_parents(
    talk: RemoteGraph, page: Page
) -> None:
    made, config = page("talk"), thread()

    async def threshold_of(review: Any) -> float:
        own = thread()
        assert (await made["parent_of"](review).ainvoke({"sources": ["it"]}, own))["status"] == "approved"
        (decision,) = (await talk.aget_state(own)).values["sync"]
        return float(decision["threshold"])

    by_consensus = {"merge": "consensus"}
    lost = asyncio.to_thread(parent_of(talk).invoke, {"task": "it"}, config, context=by_consensus)  # without async
    sooner = threshold_of(await made["sooner"]())
    out, *thresholds = await asyncio.gather(lost, threshold_of(made["sign_sooner"]), sooner)
    assert (out["status"], out["result"]["poet"]["said"]) == ("approved", "poet finds it good")  # merge_all, its own
    assert (await talk.aget_state(config)).values["status"] == "approved"
    assert thresholds == [0.5, 0.5]


async def test_a_thread_that_is_no_uuid_is_refused(talk: RemoteGraph) -> None:
    with pytest.raises(BadRequestError, match="UUID"):
        await parent_of(talk).ainvoke({"task": "it"}, {"configurable": {"thread_id": "review-1"}})


async def both_questions(signing: RemoteGraph, config: Any) -> set[str]:
    """The ids of the two questions, which are asked side by side."""
    found: set[str] = set()
    async with asyncio.timeout(30):
        while len(found) < 2:
            await asyncio.sleep(0.05)
            found = {one.id for one in (await signing.aget_state(config)).interrupts}
    return found


async def test_the_parent_is_asked_again_by_an_answer_without_an_id_and_takes_those_to_all_questions_at_once(
    page: Page,
) -> None:
    made, config = page(SIGNING), thread()
    signing, app = made["signing"], made["parent_of"](made["signing"])
    (asked,) = (await app.ainvoke({"sources": FAULTY}, config))["__interrupt__"]
    (again,) = (await app.ainvoke(Command(resume="approve"), config))["__interrupt__"]
    both = await both_questions(signing, config)
    assert {asked.id, again.id} <= both
    (last,) = (await app.ainvoke(Command(resume=dict.fromkeys(both, "approve")), config))["__interrupt__"]
    result = last.value["action_requests"][0]["args"]["result"]
    assert (sorted(result["signed"]), result["sent_back"]) == (["pep-0020.rst", "pep-0257.rst"], {})
    branches = (await signing.aget_state(config)).values["branches"]
    assert {record["attempts"] for record in branches.values()} == {1}


async def test_questions_are_answered_as_the_page_does_and_a_function_that_keeps_its_config_is_asked_none(
    page: Page,
) -> None:
    made = page(SIGNING)

    async def kept(state: Any) -> Any:
        return await made["signing"].ainvoke({"sources": state["sources"]})

    unasked = made["parent_of"](kept).ainvoke({"sources": FAULTY[:1]}, thread())
    out, without = await asyncio.gather(made["signed"](FAULTY[:1], thread()), unasked)
    assert (out["status"], out["result"]) == ("approved", {"signed": ["pep-0020.rst"], "sent_back": {}})
    assert "__interrupt__" not in without
    assert (without["status"], without["result"]) == ("running", None)
