"""LangGraph Studio's own server loads the shipped graphs, draws them, types their input and runs them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from langgraph_quorum.graphs.document_brief import READERS
from langgraph_quorum.graphs.straggler import CREW
from langgraph_quorum.nodes.specialists.document.roster import DOCUMENT_SPECIALISTS
from tests.studio.server import ROOT, Studio, shipped
from tests.studio.threads import new_thread, state_of

pytestmark = pytest.mark.xdist_group("studio")

GRAPH = "document_analysis"
DOCUMENT = str(ROOT / "examples" / "documents" / "pep-0020.rst")
SHIPPED: Any = shipped()["graphs"]
SPECIALISTS = {
    "document_analysis": set(DOCUMENT_SPECIALISTS),
    "document_brief": {"reader", "editor"},
    "document_sign_off": {"technical", "quality", "sign_off"},
    "straggler": set(CREW),
}
ROOMS = {"analyzer", "coordinator", "sync_point", "merger", "validator", "load_balancer", "integrator"}


async def test_every_graph_named_in_langgraph_json_is_loaded_with_its_description(client: LangGraphClient) -> None:
    loaded = {assistant["graph_id"]: assistant["description"] for assistant in await client.assistants.search()}
    assert {name: loaded.get(name) for name in SHIPPED} == {
        name: settings["description"] for name, settings in SHIPPED.items()
    }
    assert SPECIALISTS.keys() == SHIPPED.keys()


@pytest.mark.parametrize("graph", SHIPPED)
async def test_the_drawing_shows_each_specialist_as_a_node_and_labels_the_routes(
    client: LangGraphClient, graph: str
) -> None:
    drawing: dict[str, Any] = await client.assistants.get_graph(await assistant_of(client, graph))
    nodes = {node["id"] for node in drawing["nodes"]}
    assert nodes - {"__start__", "__end__", "human_review"} == ROOMS | SPECIALISTS[graph]
    edges = {(edge["source"], edge["target"]): edge.get("data") for edge in drawing["edges"]}
    assert edges["sync_point", "load_balancer"] == "timeout_recovery"
    decisions = ("sync_point", "validator", "load_balancer", "human_review")
    assert all(label for (source, _), label in edges.items() if source in decisions)
    assert all({("coordinator", name), (name, "sync_point")} <= edges.keys() for name in SPECIALISTS[graph])


async def test_a_specialist_that_is_a_workflow_is_drawn_and_typed_with_what_is_inside(client: LangGraphClient) -> None:
    assistant = await assistant_of(client, "document_brief")
    drawing: dict[str, Any] = await client.assistants.get_graph(assistant, xray=True)
    nodes = {node["id"] for node in drawing["nodes"]}
    assert nodes >= {f"reader:{name}" for name in (*READERS, "sync_point")} | {"editor"}
    inside: Any = await client.assistants.get_subgraphs(assistant)
    assert "sources" in inside["reader"]["input_schema"]["properties"]


@pytest.mark.parametrize("graph", SHIPPED)
async def test_each_form_has_the_fields_of_its_graph_with_descriptions_defaults_and_examples(
    client: LangGraphClient, graph: str
) -> None:
    schemas = await client.assistants.get_schemas(await assistant_of(client, graph))
    given: Any = schemas["input_schema"]
    assert (
        set(given["properties"])
        == {
            "document_analysis": {"sources", "task"},
            "document_brief": {"sources"},
            "document_sign_off": {"sources"},
            "straggler": {"task"},
        }[graph]
    )
    required = [] if graph == "straggler" else ["sources"]
    assert given.get("required", []) == required
    assert {name for name, field in given["properties"].items() if field.get("default") == ""} == (
        given["properties"].keys() - required
    )
    settings: Any = schemas["context_schema"]
    assert set(settings["properties"]) == {"threshold", "grace_s", "deadline_s", "minimum", "merge"}
    for field in settings["properties"].values():
        assert field["default"] is None
        assert "When null: the workflow's own, which is" in field["description"]
    for field in (*given["properties"].values(), *settings["properties"].values()):
        assert field["description"]
        assert field["examples"]


async def test_an_assistant_keeps_its_settings(client: LangGraphClient) -> None:
    made = await client.assistants.create("straggler", context={"threshold": 0.2, "grace_s": 0.0, "merge": "best"})
    thread_id = await new_thread(client, "straggler")
    out: Any = await client.runs.wait(thread_id, made["assistant_id"], input={"task": "look"})
    assert [decision["threshold"] for decision in out["sync"]] == [0.2]
    (merged,) = [line["why"] for line in out["timeline"] if line["event"] == "merged"]
    assert merged.startswith("best: quality")
    await client.assistants.delete(made["assistant_id"])


async def test_a_run_shows_each_branch_as_a_task_and_ends_approved(client: LangGraphClient) -> None:
    thread_id = await new_thread(client, GRAPH)
    tasks: set[str] = set()
    given: dict[str, Any] = {"sources": [DOCUMENT]}
    async for part in client.runs.stream(thread_id, GRAPH, input=given, stream_mode=["tasks"]):
        assert part.event != "error", part.data
        if part.event == "tasks":
            tasks.add(part.data["name"])
    assert set(DOCUMENT_SPECIALISTS) <= tasks
    values = (await state_of(client, thread_id))["values"]
    assert values["status"] == "approved"
    assert {record["status"] for record in values["branches"].values()} == {"succeeded"}
    assert len(values["branches"]) == len(DOCUMENT_SPECIALISTS)


async def test_a_brief_is_made_of_documents_that_were_each_read_by_a_workflow(client: LangGraphClient) -> None:
    thread_id = await new_thread(client, "document_brief")
    given: dict[str, Any] = {"sources": [DOCUMENT, DOCUMENT.replace("0020", "0257")]}
    out: Any = await client.runs.wait(thread_id, "document_brief", input=given)
    assert out["status"] == "approved"
    assert set(out["result"]["documents"]) == {"pep-0020.rst", "pep-0257.rst"}
    assert set(out["result"]["documents"]["pep-0020.rst"]) == set(READERS)


async def test_the_server_looks_out_for_blocking_calls_and_finds_none_of_ours(
    client: LangGraphClient, studio: Studio
) -> None:
    """Each shipped graph has run, for other tests or else for this one; what blocks shows that it would be found."""
    ended: Any = await client.threads.search(status="idle", limit=1000)
    ran = {thread["metadata"]["graph_id"] for thread in ended if (thread["values"] or {}).get("status") == "approved"}
    for graph in SHIPPED.keys() - ran:
        given: dict[str, Any] = {"task": "x"} if graph == "straggler" else {"sources": [DOCUMENT]}
        await client.runs.wait(await new_thread(client, graph), graph, input=given)
    thread_id = await new_thread(client, "blocking")
    out: Any = await client.runs.wait(thread_id, "blocking", input={"seconds": 0.01}, raise_error=False)
    assert out["__error__"]["error"] == "BlockingError"
    assert set(re.findall(r"Blocking call to ([\w.]+)", studio.logged)) == {"time.sleep"}


async def test_without_a_database_runs_can_be_taken_back_and_threads_copied(client: LangGraphClient) -> None:
    thread_id = await new_thread(client, GRAPH)
    await client.threads.update_state(thread_id, {"task": "before"}, as_node="__start__")
    given: dict[str, Any] = {"sources": [DOCUMENT]}
    run = await client.runs.create(thread_id, GRAPH, input=given)
    await client.runs.join(thread_id, run["run_id"])
    copy: Any = await client.threads.copy(thread_id)  # type: ignore[func-returns-value]  # it returns the thread
    assert (await state_of(client, copy["thread_id"]))["values"]["status"] == "approved"
    await client.runs.delete(thread_id, run["run_id"])
    history: Any = await client.threads.get_history(thread_id, limit=100)
    assert [one["values"]["task"] for one in history] == ["before"]


async def assistant_of(client: LangGraphClient, graph: str) -> str:
    """The id of the assistant that the server makes of a graph."""
    found = await client.assistants.search(graph_id=graph)
    return found[0]["assistant_id"]
