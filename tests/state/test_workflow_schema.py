"""What an app, Studio or a server sees of the workflow's types."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest
from langgraph.graph.state import CompiledStateGraph

from langgraph_quorum import QuorumContext, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.errors import SyncPolicyError

Compiled: TypeAlias = CompiledStateGraph[Any, Any, Any, Any]


async def nothing(branch: Branch) -> None:
    del branch


@pytest.fixture(scope="module")
def graph() -> Compiled:
    return build_workflow([Specialist("only", nothing)]).compile()


def test_each_input_field_is_described_and_none_is_required(graph: Compiled) -> None:
    schema = graph.get_input_jsonschema()
    assert set(schema["properties"]) == {"task", "sources", "work", "messages"}
    assert all(field["description"] and field["examples"] for field in schema["properties"].values())
    assert not schema.get("required")


def test_the_input_schema_names_the_fields_of_a_work_item(graph: Compiled) -> None:
    schema = graph.get_input_jsonschema()
    item = schema["$defs"]["WorkItem"]["properties"]
    assert {"branch_id", "specialist", "type", "priority", "depends_on", "payload", "timeout_s"} <= set(item)


def test_the_context_schema_shows_settings_and_hides_ports(graph: Compiled) -> None:
    schema = graph.get_context_jsonschema()
    assert schema is not None
    assert set(schema["properties"]) == {"threshold", "grace_s", "deadline_s", "minimum", "merge"}
    assert all(field["description"] and field["examples"] for field in schema["properties"].values())


def test_the_output_schema_is_the_published_one(graph: Compiled) -> None:
    assert {"status", "result", "quality", "branches", "timeline"} <= set(graph.get_output_jsonschema()["properties"])
    assert "queue" not in graph.get_output_jsonschema()["properties"]


def test_a_context_changes_only_what_it_names() -> None:
    policy = SyncPolicy(threshold=0.75, grace_s=5, deadline_s=120, minimum=2)
    assert QuorumContext(grace_s=0).applied_to(policy) == SyncPolicy(threshold=0.75, grace_s=0, minimum=2)
    assert QuorumContext().applied_to(policy) is policy


def test_a_context_is_held_to_the_same_bounds() -> None:
    with pytest.raises(SyncPolicyError, match="threshold=2"):
        QuorumContext(threshold=2).applied_to(SyncPolicy())


async def test_a_context_may_come_as_a_plain_dict_as_servers_send_it(graph: Compiled) -> None:
    result = await graph.ainvoke({"task": "x"}, context={"threshold": 1.0})
    assert result["sync"][0]["threshold"] == 1.0


async def test_a_wrong_context_is_refused_before_any_branch_starts(graph: Compiled) -> None:
    with pytest.raises(SyncPolicyError, match="deadline_s=-1"):
        await graph.ainvoke({"task": "x"}, context=QuorumContext(deadline_s=-1))
