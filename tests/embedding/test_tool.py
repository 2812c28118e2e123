"""A workflow as a tool of an agent: what the model gives, and how it is checked."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from langgraph_quorum.graphs.tool import as_tool
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.workflow import QuorumInput
from tests.embedding.telling import Wanted, told, workflow
from tests.graphs.running import Crew


async def test_a_task_in_words_is_all_a_model_has_to_give() -> None:
    crew = Crew()
    tool = as_tool(workflow(crew.scores("a", 0.9)), "review", "Reviews a text.")
    parameters = convert_to_openai_tool(tool)["function"]["parameters"]
    assert list(parameters["properties"]) == parameters["required"] == ["task"]
    (answer,) = await told(tool, {"task": "look"})
    assert (answer.status, answer.name) == ("success", "review")
    assert [branch.task for branch in crew.branches] == ["look"]


async def test_arguments_that_do_not_fit_are_told_to_the_model_and_nothing_runs() -> None:
    crew = Crew()
    tool = as_tool(workflow(crew.scores("a", 0.9)), "review", "Reviews a text.")
    (answer,) = await told(tool, {"text": "look"})
    assert answer.status == "error"
    assert "task: Field required" in answer.content
    assert crew.calls == {}


async def test_fields_that_a_workflow_knows_are_its_input_as_they_are() -> None:
    crew = Crew()
    tool = as_tool(workflow(crew.scores("a", 0.9)), "review", "Reviews a text.", Wanted)
    work = [{"branch_id": "x", "specialist": "a", "payload": {"none": None}}]
    await told(tool, {"task": "look", "work": work})
    await told(tool, {"task": "look"})
    assert [(branch.branch_id, branch.payload) for branch in crew.branches] == [("x", {"none": None}), ("a", {})]


class Described(TypedDict):
    task: Annotated[str, Field(description="What to do.", max_length=9)]
    sources: NotRequired[list[str]]


async def test_a_typed_dict_describes_arguments_too_and_is_held_to() -> None:
    crew = Crew()
    tool = as_tool(workflow(crew.scores("a", 0.9)), "review", "Reviews a text.", Described)
    parameters = convert_to_openai_tool(tool)["function"]["parameters"]
    assert parameters["properties"]["task"]["description"] == "What to do."
    assert parameters["required"] == ["task"]
    good, bad = await told(tool, {"task": "look"}, {"task": "look at this"})
    assert (good.status, bad.status) == ("success", "error")
    assert "at most 9 characters" in bad.content
    assert crew.calls == {"a": 1}


class Paper(BaseModel):
    title: str
    pages: int = 2


class Papers(BaseModel):
    papers: list[Paper]


async def test_prepare_makes_the_input_from_whatever_the_model_gives() -> None:
    crew = Crew()

    def prepare(given: Papers) -> QuorumInput:
        return {"work": [{"branch_id": p.title, "specialist": "a", "payload": {"n": p.pages}} for p in given.papers]}

    tool = as_tool(workflow(crew.scores("a", 0.9)), "review", "Reviews papers.", Papers, prepare=prepare)
    await told(tool, {"papers": [{"title": "x"}, {"title": "y", "pages": 5}]})
    assert {branch.branch_id: branch.payload["n"] for branch in crew.branches} == {"x": 2, "y": 5}


class Odd(TypedDict):
    task: str
    config: str


class Own(BaseModel):
    self: str


class Empty(BaseModel):
    pass


@pytest.mark.parametrize(
    ("schema", "mend"),
    [
        (Papers, "args_schema='papers': this workflow takes task, sources, work: give prepare="),
        (Odd, "args_schema='config': LangChain takes this name for itself"),
        (Own, "args_schema='self': LangChain takes this name for itself"),
        (Empty, "give it a field task or sources or work, or give prepare="),
        ({"type": "object"}, "give a pydantic model class or a typed dict"),
        (Wanted(task="x", work=[]), "give a pydantic model class or a typed dict"),
    ],
)
def test_a_schema_that_cannot_become_the_input_is_refused_when_the_tool_is_made(schema: Any, mend: str) -> None:
    with pytest.raises(ConfigurationError, match=mend):
        as_tool(workflow(Crew().sleeps("a", 0)), "review", "Reviews a text.", schema)


def test_a_tool_needs_a_workflow_a_name_and_a_description() -> None:
    chat = StateGraph(MessagesState).add_node("hear", lambda state: state).add_edge(START, "hear")
    kept: Any = workflow(Crew().sleeps("a", 0)).compile(checkpointer=True)
    unfinished: Any = StateGraph(MessagesState)
    for graph, name, description, mend in (
        (unfinished, "review", "Reviews.", "give what build_workflow returns"),
        (chat, "review", "Reviews.", "give what build_workflow returns; any other graph is called from a tool of your"),
        (kept, "review", "Reviews.", "without checkpointer=True"),
        (workflow(Crew().sleeps("a", 0)), "my review", "Reviews.", "name='my review': give 1 to 64 letters"),
        (workflow(Crew().sleeps("a", 0)), "review", " ", "tell the model in words when to use the tool"),
    ):
        with pytest.raises(ConfigurationError, match=mend):
            as_tool(graph, name, description)


async def not_awaited(given: Any) -> Any:
    return given


@pytest.mark.parametrize("function", ["task", not_awaited])
@pytest.mark.parametrize("field", ["prepare", "keep"])
def test_what_nobody_would_await_or_could_call_is_refused_when_the_tool_is_made(field: str, function: Any) -> None:
    settings: dict[str, Any] = {field: function}
    with pytest.raises(ConfigurationError, match=f"{field}=.*: give a plain function, not an async one"):
        as_tool(workflow(Crew().sleeps("a", 0)), "review", "Reviews a text.", **settings)
