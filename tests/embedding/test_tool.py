"""A workflow as a tool of an agent: what the model gives, and what it and the app get back."""

from __future__ import annotations

import json
from typing import Annotated, Any, NotRequired

import pytest
from langchain.agents import create_agent
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, ToolException
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from langgraph_quorum import Branch, QuorumContext, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.tool import as_tool
from langgraph_quorum.graphs.tool_answer import CONTENT_CHARS, briefly
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.workflow import QuorumInput, QuorumOutput
from tests.chat_models import AgentModel, answers_of, calls, says
from tests.graphs.running import Crew, FixedCapacity

GO: Any = {"messages": [("user", "go")]}


def workflow(*specialists: Specialist, **settings: Any) -> QuorumBuilder:
    return build_workflow(specialists, merge="merge_all", mode="parallel", **settings)


async def told(tool: BaseTool, *arguments: dict[str, Any]) -> list[ToolMessage]:
    """What an agent's model is told when it calls the tool with these arguments."""
    agent = create_agent(AgentModel(answers=[calls(tool, *arguments), says("done")]), [tool])
    return answers_of(await agent.ainvoke(GO))


# -- what the model gives ---------------------------------------------------------------------------------------------


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


class Wanted(BaseModel):
    """Closed: what LangChain injects by name would not pass."""

    model_config = ConfigDict(extra="forbid")

    task: str
    work: list[dict[str, Any]] | None = Field(None, description="The branches.")


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


# -- what comes back --------------------------------------------------------------------------------------------------


async def test_the_model_reads_what_matters_and_the_app_gets_the_whole_output() -> None:
    crew = Crew()
    crew_of_three = crew.scores("a", 0.9), crew.fails("b", ValueError("no ink")), crew.sleeps("c", 0)
    tool = as_tool(workflow(*crew_of_three, sync=SyncPolicy(threshold=0.5)).compile(), "review", "Reviews a text.")
    (answer,) = await told(tool, {"task": "look"})
    read, output = json.loads(str(answer.content)), answer.artifact
    assert read["status"] == output["status"]
    assert read["quality"] == 0.9  # of a alone: nothing was measured of c
    assert read["result"] == {"a": {"by": "a", "turn": 1, "confidence": 0.9}, "c": {"by": "c", "inputs": {}}}
    assert read["failed"] == ["b: no ink"]
    assert output["branches"]["b"]["status"] == "failed"
    assert set(output) == set(QuorumOutput.__annotations__) - {"messages"}


async def test_what_the_model_reads_is_bounded_and_says_what_is_left_out() -> None:
    async def long(branch: Branch) -> dict[str, Any]:
        if branch.branch_id.startswith("bad"):
            raise ValueError('"no"\n' * 200)
        return {"text": 'He said "so".\n' * 1000}

    work: Any = [{"branch_id": f"bad{n}", "specialist": "long"} for n in range(40)]
    work += [{"branch_id": f"good{n}", "specialist": "long"} for n in range(40)]
    graph = workflow(Specialist("long", long, attempts=1), sync=SyncPolicy(threshold=0.5))
    tool = as_tool(graph, "review", "Reviews a text.", Wanted)
    (answer,) = await told(tool, {"task": "look", "work": work})
    read = json.loads(str(answer.content))
    assert len(answer.content) <= CONTENT_CHARS
    assert (len(read["failed"]), read["more_failed"]) == (10, 30)
    assert read["result_begins"].startswith('{"good0": {"text": "He said')
    assert read["result_characters"] > 40 * 14_000
    assert len(answer.artifact["result"]) == 40


def test_no_length_of_a_result_passes_the_bound() -> None:
    for length in range(CONTENT_CHARS // 2 - 100, CONTENT_CHARS + 100, 7):
        for character in ('"', "x"):
            output: Any = {"status": "approved", "result": character * length}
            output |= {"failed": [], "findings": [], "attribution": []}
            assert len(briefly(output)) <= CONTENT_CHARS


def test_no_message_passes_the_bound_whatever_it_is_made_of() -> None:
    for part in ('"\\', "\x1b[31m", "\x00", "\u2028"):
        reasons: Any = {f"b{number}": {"reason": f"no ink{part * 200}"} for number in range(20)}
        output: Any = {"status": "partial", "result": "x" * CONTENT_CHARS, "failed": [*reasons], "branches": reasons}
        output |= {"findings": [{"severity": "error", "message": part * 200}] * 20, "attribution": []}
        read = json.loads(briefly(output))
        assert len(briefly(output)) <= CONTENT_CHARS
        assert read["failed"][0].startswith("b0: no ink")
        assert read["result_begins"].startswith('"xxx')


async def test_a_text_that_is_kept_as_an_artifact_is_read_by_the_model_and_referred_to_in_the_state() -> None:
    async def long(branch: Branch) -> dict[str, Any]:
        return {"text": "so " * 100, "confidence": 0.9}

    tool = as_tool(workflow(Specialist("long", long)), "review", "Reviews a text.")
    agent: Any = create_agent(
        AgentModel(answers=[calls(tool, {"task": "x"}), says("done")]), [tool], context_schema=QuorumContext
    )
    context = QuorumContext(artifacts=MemoryArtifacts(), artifact_bytes=256, capacity=FixedCapacity())
    (answer,) = answers_of(await agent.ainvoke(GO, context=context))
    assert json.loads(str(answer.content))["result"]["long"]["text"] == "so " * 100
    assert answer.artifact["result"]["long"]["text"]["size_bytes"] == 300


async def test_keep_chooses_what_the_model_reads() -> None:
    def keep(output: QuorumOutput) -> str:
        return f"{output['status']} by {', '.join(output['branches'])}"

    (answer,) = await told(as_tool(workflow(Crew().scores("a", 0.9)), "r", "Reviews.", keep=keep), {"task": "look"})
    assert answer.content == "approved by a"
    assert answer.artifact["result"] == {"a": {"by": "a", "turn": 1, "confidence": 0.9}}


async def test_a_run_that_fails_is_an_error_in_its_own_words_that_the_model_can_react_to() -> None:
    crew = Crew()
    tool = as_tool(workflow(crew.fails("a", ValueError("no ink"), times=1)), "review", "Reviews a text.")
    turns = [calls(tool, {"task": "look"}), calls(tool, {"task": "look again"}), says("done")]
    out = await create_agent(AgentModel(answers=turns), [tool]).ainvoke(GO)
    failed, mended = answers_of(out)
    assert failed.status == "error"
    assert failed.content == "workflow 'review' failed: 0 of 1 branch succeeded, at least 1 must (a: no ink)"
    assert mended.status == "success"
    assert out["messages"][-1].content == "done"


async def test_work_that_cannot_be_planned_is_told_to_the_model_with_the_mend() -> None:
    tool = as_tool(workflow(Crew().sleeps("a", 0)), "review", "Reviews a text.", Wanted)
    (answer,) = await told(tool, {"task": "look", "work": [{"specialist": "nobody"}]})
    assert answer.status == "error"
    assert str(answer.content).startswith("workflow 'review' could not begin: ")
    assert "nobody" in answer.content


async def test_an_app_may_have_failures_raised() -> None:
    tool = as_tool(workflow(Crew().fails("a", ValueError("no ink"))), "review", "Reviews a text.")
    tool.handle_tool_error = False
    with pytest.raises(ToolException, match="a: no ink"):
        await tool.ainvoke({"task": "look"})


async def test_a_mistake_in_the_apps_own_code_is_not_hidden_from_it() -> None:
    def keep(output: QuorumOutput) -> str:
        raise KeyError("reslut")

    tool = as_tool(workflow(Crew().scores("a", 0.9)), "review", "Reviews a text.", keep=keep)
    with pytest.raises(KeyError, match="reslut"):
        await told(tool, {"task": "look"})


async def test_a_tool_can_be_called_without_an_agent() -> None:
    tool = as_tool(workflow(Crew().scores("a", 0.9)), "review", "Reviews a text.")
    assert json.loads(await tool.ainvoke({"task": "look"}))["status"] == "approved"
