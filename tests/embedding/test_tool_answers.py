"""A workflow as a tool of an agent: what the model and the app get back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.tools import ToolException

from langgraph_quorum import Branch, QuorumContext, Specialist, SyncPolicy
from langgraph_quorum.graphs.tool import as_tool
from langgraph_quorum.graphs.tool_answer import CONTENT_CHARS, briefly
from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.state.workflow import QuorumOutput
from tests.chat_models import AgentModel, answers_of, calls, says
from tests.embedding.telling import GO, Wanted, told, workflow
from tests.graphs.running import Crew, FixedCapacity


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
