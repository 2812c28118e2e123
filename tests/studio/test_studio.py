"""LangGraph Studio's own server loads the shipped graphs, draws them, types their input and runs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from langgraph_quorum.nodes.specialists.document.roster import DOCUMENT_SPECIALISTS
from tests.studio.server import ROOT, shipped, studio_server

pytestmark = pytest.mark.xdist_group("studio")

GRAPH = "document_analysis"
DOCUMENT = str(ROOT / "examples" / "documents" / "pep-0020.rst")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with studio_server(tmp_path_factory.mktemp("studio"), shipped()) as studio:
        yield studio.address


@pytest.fixture
def client(address: str) -> LangGraphClient:
    return get_client(url=address)


async def assistant_of(client: LangGraphClient) -> str:
    found = await client.assistants.search(graph_id=GRAPH)
    return found[0]["assistant_id"]


async def test_every_graph_named_in_langgraph_json_is_loaded(client: LangGraphClient) -> None:
    named: Any = shipped()["graphs"]
    loaded = {assistant["graph_id"] for assistant in await client.assistants.search()}
    assert loaded == set(named)


async def test_the_drawing_shows_each_specialist_as_a_node_and_labels_the_routes(client: LangGraphClient) -> None:
    drawing: dict[str, Any] = await client.assistants.get_graph(await assistant_of(client))
    nodes = {node["id"] for node in drawing["nodes"]}
    rooms = {"analyzer", "coordinator", "sync_point", "merger", "validator", "load_balancer", "human_review"}
    assert nodes >= rooms | set(DOCUMENT_SPECIALISTS)
    edges = {(edge["source"], edge["target"]): edge.get("data") for edge in drawing["edges"]}
    assert edges["sync_point", "load_balancer"] == "timeout_recovery"
    assert edges["validator", "integrator"] == "approved"
    assert all(("coordinator", name) in edges for name in DOCUMENT_SPECIALISTS)


async def test_the_input_shows_as_a_form_with_descriptions(client: LangGraphClient) -> None:
    schemas = await client.assistants.get_schemas(await assistant_of(client))
    fields = (schemas["input_schema"] or {})["properties"]
    assert fields["sources"]["type"] == "array"
    assert "globs" in fields["sources"]["description"]
    assert fields["task"]["description"]
    context = (schemas["context_schema"] or {})["properties"]
    assert set(context) == {"threshold", "grace_s", "deadline_s", "minimum"}


async def test_a_run_shows_each_branch_as_a_task_and_ends_approved(client: LangGraphClient) -> None:
    thread = await client.threads.create()
    tasks: set[str] = set()
    given: dict[str, Any] = {"sources": [DOCUMENT]}
    stream = client.runs.stream(thread["thread_id"], await assistant_of(client), input=given, stream_mode=["tasks"])
    async for part in stream:
        assert part.event != "error", part.data
        if part.event == "tasks":
            tasks.add(part.data["name"])
    assert set(DOCUMENT_SPECIALISTS) <= tasks
    state = await client.threads.get_state(thread["thread_id"])
    values: dict[str, Any] = state["values"]  # type: ignore[assignment]
    assert values["status"] == "approved"
    assert {record["status"] for record in values["branches"].values()} == {"succeeded"}
    assert len(values["branches"]) == len(DOCUMENT_SPECIALISTS)


async def test_without_a_database_runs_can_be_taken_back_and_threads_copied(client: LangGraphClient) -> None:
    thread_id = (await client.threads.create(graph_id=GRAPH))["thread_id"]
    await client.threads.update_state(thread_id, {"task": "before"}, as_node="__start__")
    given: dict[str, Any] = {"sources": [DOCUMENT]}
    run = await client.runs.create(thread_id, await assistant_of(client), input=given)
    await client.runs.join(thread_id, run["run_id"])
    copy: Any = await client.threads.copy(thread_id)  # type: ignore[func-returns-value]  # it returns the thread
    copied: Any = await client.threads.get_state(copy["thread_id"])
    assert copied["values"]["status"] == "approved"
    await client.runs.delete(thread_id, run["run_id"])
    history: Any = await client.threads.get_history(thread_id, limit=100)
    assert [one["values"]["task"] for one in history] == ["before"]
