"""A specialist that is a graph, or a whole workflow, is drawn with what is inside, and its state is seen."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict

from langgraph_quorum import Branch, Specialist, Tuning, build_workflow, workflow_specialist
from langgraph_quorum.graphs.document_analysis import DocumentInput
from langgraph_quorum.state.errors import ConfigurationError

THREAD: Any = {"configurable": {"thread_id": "1"}}


class Letter(TypedDict):
    text: str


async def ask(state: Letter) -> dict[str, str]:
    return {"text": interrupt(state["text"])}


async def answer(branch: Branch) -> dict[str, Any]:
    return {"findings": [branch.task], "confidence": 0.9}


def workflow() -> Any:
    letter = StateGraph(Letter)
    letter.add_node("ask", ask)
    letter.add_edge(START, "ask")
    inner = build_workflow([Specialist("deep", answer)])
    crew = [
        Specialist("letter", letter.compile(), prepare=lambda branch: {"text": branch.task}),
        workflow_specialist("inner", inner),
        Specialist("plain", answer),
    ]
    return build_workflow(crew).compile(InMemorySaver())


def test_a_drawing_with_subgraphs_shows_what_specialists_are_made_of() -> None:
    graph = workflow()
    assert {name for name, _ in graph.get_subgraphs()} == {"letter", "inner"}
    drawn = graph.get_graph(xray=True).nodes
    assert {"letter:ask", "inner:deep", "inner:sync_point", "plain"} <= drawn.keys()
    assert "inner" not in drawn


async def test_a_graph_that_waits_inside_a_branch_shows_its_own_state() -> None:
    graph = workflow()
    await graph.ainvoke({"task": "Dear Sir"}, THREAD)
    state = await graph.aget_state(THREAD, subgraphs=True)
    (waiting,) = [task for task in state.tasks if task.interrupts]
    assert (waiting.name, waiting.state.next, waiting.state.values) == ("letter", ("ask",), {"text": "Dear Sir"})
    out = await graph.ainvoke(Command(resume={waiting.interrupts[0].id: "Dear Madam"}), THREAD)
    assert out["branches"]["letter"]["result"] == {"text": "Dear Madam"}
    assert {record["status"] for record in out["branches"].values()} == {"succeeded"}


def test_a_form_has_the_fields_that_its_graph_is_for() -> None:
    tuning = Tuning(input_schema=DocumentInput)
    form = build_workflow([Specialist("plain", answer)], tuning=tuning).compile().get_input_jsonschema()
    assert form["properties"].keys() == {"sources", "task"}
    assert form["required"] == ["sources"]


class NoTypedDict:
    task: str


@pytest.mark.parametrize("schema", [Letter, "task", None, NoTypedDict, lambda task: task])
def test_a_form_with_a_field_that_a_workflow_does_not_read_is_refused(schema: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Tuning\.input_schema=.*fields task, sources, work, messages"):
        Tuning(input_schema=schema)
