"""An app with an agent that has a workflow as a tool, driven by the orchestrator: leases, questions, stops."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain.agents import create_agent
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import interrupt

from langgraph_quorum import Branch, Orchestrator, Specialist, build_workflow
from langgraph_quorum.graphs.tool import as_tool
from tests.chat_models import AgentModel, answers_of, calls, says
from tests.graphs.running import Crew

GO: Any = {"messages": [("user", "go")]}


def desk(*specialists: Specialist) -> StateGraph[Any, Any, Any, Any]:
    """An app whose only node is an agent that calls a workflow of these specialists twice at once."""
    tool = as_tool(build_workflow(specialists, merge="merge_all"), "review", "Reviews.")
    model = AgentModel(answers=[calls(tool, {"task": "one"}, {"task": "two"}), says("done")])
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(MessagesState)
    graph.add_node("agent", create_agent(model, [tool]))
    graph.add_edge(START, "agent")
    return graph


async def test_questions_of_an_agents_tool_are_answered_by_id_from_another_orchestrator(database: str) -> None:
    crew = Crew()

    async def asks(branch: Branch) -> dict[str, Any]:
        return {"answer": interrupt(f"may {branch.task}?"), "confidence": 0.9}

    async with Orchestrator.open(desk(crew.scores("a", 0.9), Specialist("asks", asks)), database) as quorum:
        waiting = await (await quorum.start(GO, thread_id="d")).result()
    assert waiting["status"] == "waiting"
    assert sorted(waiting["interrupts"].values()) == ["may one?", "may two?"]
    async with Orchestrator.open(desk(crew.scores("a", 0.9), Specialist("asks", asks)), database) as quorum:
        answers = {key: question.replace("may", "yes,") for key, question in waiting["interrupts"].items()}
        out = await (await quorum.resume("d", answers)).result()
    replies = [answer.artifact["result"]["asks"]["answer"] for answer in answers_of(out)]
    assert replies == ["yes, one?", "yes, two?"]
    assert crew.calls == {"a": 2}  # once for each call


async def test_an_agent_that_is_stopped_goes_on_with_the_branches_that_are_missing(database: str) -> None:
    crew, begun, go = Crew(), asyncio.Semaphore(0), asyncio.Event()

    async def slow(branch: Branch) -> dict[str, Any]:
        crew._note(branch)
        begun.release()
        await go.wait()
        return {"confidence": 0.9}

    async with Orchestrator.open(desk(crew.scores("a", 0.9), Specialist("slow", slow)), database) as quorum:
        await quorum.start(GO, thread_id="d")
        await begun.acquire()
        await begun.acquire()  # the branches of both calls
    go.set()
    async with Orchestrator.open(desk(crew.scores("a", 0.9), Specialist("slow", slow)), database) as quorum:
        out = await (await quorum.resume("d")).result()
    assert [answer.status for answer in answers_of(out)] == ["success"] * 2
    assert crew.calls == {"a": 2, "slow": 4}
