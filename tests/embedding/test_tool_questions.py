"""A workflow as a tool asks a human: the agent pauses, and goes on without doing anything again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain.agents import create_agent
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, interrupt

from langgraph_quorum import Branch, QuorumContext, Specialist, SyncPolicy, Tuning, build_workflow
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.graphs.tool import as_tool
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import Policies, ValidationPolicy
from tests.chat_models import AgentModel, answers_of, calls, says
from tests.embedding.asking import GO, Asking, agent_with, asked_by, replies, tool_graph
from tests.graphs.running import FIXED, Crew, thread


async def test_a_question_pauses_the_agent_and_the_answer_goes_to_whoever_asked() -> None:
    crew = Asking()
    agent = agent_with(crew.tool(), "one")
    paused = await agent.ainvoke(GO, thread())
    assert list(asked_by(paused)) == ["may one?"]
    assert open_meetings() == 0
    out = await agent.ainvoke(Command(resume="yes"), thread())
    assert replies(out) == ["yes"]
    assert out["messages"][-1].content == "done"
    assert crew.done == {"one works": 1, "one asks": 1}


async def test_calls_at_once_keep_their_own_state_and_are_answered_one_by_one() -> None:
    crew = Asking()
    agent = agent_with(crew.tool(), "one", "two", "three")
    questions = asked_by(await agent.ainvoke(GO, thread()))
    assert sorted(questions) == ["may one?", "may three?", "may two?"]
    still = await agent.ainvoke(Command(resume={questions["may two?"]: "2"}), thread())
    assert sorted(asked_by(still)) == ["may one?", "may three?"]
    rest = {questions["may one?"]: "1", questions["may three?"]: "3"}
    assert replies(await agent.ainvoke(Command(resume=rest), thread())) == ["1", "2", "3"]
    assert set(crew.done.values()) == {1}


async def test_another_agent_object_resumes_from_the_same_checkpointer() -> None:
    saver, first, second = InMemorySaver(), Asking(), Asking()
    paused = await agent_with(first.tool(), "one", saver=saver).ainvoke(GO, thread())
    out = await agent_with(second.tool(), "one", saver=saver).ainvoke(Command(resume="yes"), thread())
    assert list(asked_by(paused)) == ["may one?"]
    assert replies(out) == ["yes"]
    assert (first.done, second.done) == ({"one works": 1}, {"one asks": 1})


async def test_a_rejected_review_is_an_error_that_the_model_reads() -> None:
    reviewed = Policies(validation=ValidationPolicy(review="always"))
    graph = build_workflow([Crew().scores("a", 0.9)], tuning=Tuning(reviewed))
    agent = agent_with(as_tool(graph, "review", "Reviews."), "one")
    (question,) = (await agent.ainvoke(GO, thread()))["__interrupt__"]
    assert question.value["action_requests"][0]["name"] == "approve_result"
    no = {"decisions": [{"type": "reject", "message": "too dry"}]}
    (answer,) = answers_of(await agent.ainvoke(Command(resume=no), thread()))
    assert (answer.status, answer.content) == ("error", "workflow 'review' failed: too dry")


async def test_a_question_of_a_workflow_in_the_workflow_comes_through() -> None:
    async def asks(branch: Branch) -> dict[str, Any]:
        return {"answer": interrupt("deep?")}

    crew = Crew()
    deep = workflow_specialist("deep", build_workflow([Specialist("asks", asks), crew.sleeps("b", 0)]))
    agent = agent_with(as_tool(build_workflow([deep, crew.sleeps("a", 0)]), "review", "Reviews."), "one")
    assert list(asked_by(await agent.ainvoke(GO, thread()))) == ["deep?"]
    (answer,) = answers_of(await agent.ainvoke(Command(resume="yes"), thread()))
    assert answer.status == "success"
    assert crew.calls == {"a": 1, "b": 1}


@pytest.mark.looptime
async def test_after_a_crash_of_the_agent_branches_that_are_done_are_not_done_again() -> None:
    crew = Crew()
    graph = build_workflow([crew.sleeps("quick", 1), crew.sleeps("slow", 100)], SyncPolicy(deadline_s=1000))
    tool = as_tool(graph, "review", "Reviews.")
    model = AgentModel(answers=[calls(tool, {"task": "one"}), says("done")])
    agent: Any = create_agent(model, [tool], checkpointer=InMemorySaver(), context_schema=QuorumContext)
    running = asyncio.create_task(agent.ainvoke(GO, thread(), context=FIXED))
    await asyncio.sleep(50)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    out = await agent.ainvoke(None, thread(), context=FIXED)
    assert [message.status for message in answers_of(out)] == ["success"]
    assert crew.calls == {"quick": 1, "slow": 2}


async def test_a_breakpoint_inside_pauses_the_agent() -> None:
    crew = Crew()
    stops = build_workflow([crew.scores("a", 0.9)]).compile(interrupt_before=["merger"])
    agent = agent_with(as_tool(stops, "review", "Reviews."), "one")
    await agent.ainvoke(GO, thread())
    assert (await agent.aget_state(thread())).next == ("tools",)
    out = await agent.ainvoke(None, thread())
    assert [message.status for message in answers_of(out)] == ["success"]
    assert crew.calls == {"a": 1}


async def test_calls_at_once_that_are_taken_back_ask_anew_each_for_itself() -> None:
    crew = Asking()
    agent = agent_with(crew.tool(), "one", "two")
    await agent.ainvoke(GO, thread())
    past = [state async for state in agent.aget_state_history(thread()) if state.next == ("tools", "tools")][-1]
    questions = asked_by(await agent.ainvoke(None, past.config))
    assert sorted(questions) == ["may one?", "may two?"]
    answers = {questions["may one?"]: "1", questions["may two?"]: "2"}
    assert replies(await agent.ainvoke(Command(resume=answers), thread())) == ["1", "2"]
    assert crew.done == {"one works": 2, "two works": 2, "one asks": 1, "two asks": 1}


@pytest.mark.looptime
async def test_an_agent_that_is_cancelled_stops_the_work_inside() -> None:
    stopped: list[str] = []

    async def hangs(branch: Branch) -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            stopped.append(branch.task)
            raise

    tool = as_tool(build_workflow([Specialist("hangs", hangs, timeout_s=2000)]), "review", "Reviews.")
    model = AgentModel(answers=[calls(tool, {"task": "one"}, {"task": "two"})])
    agent: Any = create_agent(model, [tool], context_schema=QuorumContext)
    running = asyncio.create_task(agent.ainvoke(GO, context=FIXED))
    await asyncio.sleep(5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(stopped) == ["one", "two"]
    assert open_meetings() == 0


async def test_a_second_call_later_in_the_conversation_begins_anew() -> None:
    crew = Asking()
    tool = crew.tool()
    one, two = calls(tool, {"task": "one"}), calls(tool, {"task": "two"})  # of the same id, as some models give them
    agent: Any = create_agent(AgentModel(answers=[one, two, says("done")]), [tool], checkpointer=InMemorySaver())
    await agent.ainvoke(GO, thread())
    assert list(asked_by(await agent.ainvoke(Command(resume="1"), thread()))) == ["may two?"]
    assert replies(await agent.ainvoke(Command(resume="2"), thread())) == ["1", "2"]
    assert set(crew.done.values()) == {1}


@pytest.mark.looptime
@pytest.mark.parametrize("works_s", [0, 5])
async def test_a_tool_node_that_runs_all_calls_in_one_task_keeps_their_states_apart_too(works_s: float) -> None:
    crew = Asking()
    crew.works_s["two"] = works_s  # LangGraph ends the task at the first question, while this one still works
    tool = crew.tool()
    graph = tool_graph(tool)
    out = await graph.ainvoke({"messages": [calls(tool, {"task": "one"}, {"task": "two"})]}, thread())
    for _ in range(2):  # such a task asks one question at a time
        ((question, key),) = asked_by(out).items()
        out = await graph.ainvoke(Command(resume={key: f"yes, {question}"}), thread())
    assert replies(out) == ["yes, may one?", "yes, may two?"]
    assert set(crew.done.values()) == {1}


async def test_a_node_of_ones_own_may_call_the_tool_itself() -> None:
    crew = Asking()
    tool = crew.tool()

    async def node(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await tool.ainvoke(call) for call in state["messages"][-1].tool_calls]}  # type: ignore[union-attr]

    graph: Any = StateGraph(MessagesState).add_node("node", node).add_edge(START, "node").compile(InMemorySaver())
    await graph.ainvoke({"messages": [calls(tool, {"task": "one"}, {"task": "two"})]}, thread())
    await graph.ainvoke(Command(resume="1"), thread())
    assert replies(await graph.ainvoke(Command(resume="2"), thread())) == ["1", "2"]
    assert set(crew.done.values()) == {1}


async def test_a_question_that_nobody_can_answer_says_so() -> None:
    with pytest.raises(
        ConfigurationError, match="nobody can have it go on: call it from an agent that has a checkpointer"
    ):
        await Asking().tool().ainvoke({"task": "one"})
