"""An app with a workflow in it is interrupted, looked into, changed, forked and taken back in time."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, StateSnapshot

from langgraph_quorum import Branch, Specialist, build_workflow
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from tests.chat_models import answers_of
from tests.embedding.parents import WAYS, Shared, Way, app, around
from tests.embedding.trio import Trio
from tests.graphs.running import Crew, thread

Saver = BaseCheckpointSaver[str]
inherited = pytest.mark.parametrize("way", WAYS)


async def history_of(graph: Any, config: Any) -> dict[tuple[str, ...], StateSnapshot]:
    """The states of a thread or a namespace, by what was to come next."""
    return {state.next: state async for state in graph.aget_state_history(config)}


async def inner_of(graph: Any) -> StateSnapshot:
    """The state of the workflow, while the app stands at it."""
    state = await graph.aget_state(thread(), subgraphs=True)
    inner = state.tasks[0].state
    assert isinstance(inner, StateSnapshot)
    return inner


def place_of(state: StateSnapshot) -> RunnableConfig:
    """Where a workflow keeps its states, all of them."""
    config: Any = {**thread()["configurable"], "checkpoint_ns": state.config["configurable"]["checkpoint_ns"]}
    return {"configurable": config}


# -- breakpoints and questions ----------------------------------------------------------------------------------------


async def test_an_app_stops_before_and_after_the_workflow_and_runs_it_once(saver: Saver) -> None:
    crew = Trio()
    stops: Any = {"interrupt_before": ["review"], "interrupt_after": ["review"]}
    graph = around(crew.workflow().compile(), Shared, checkpointer=saver, **stops)
    await graph.ainvoke({"task": "look"}, thread())
    assert (await graph.aget_state(thread())).next == ("review",)
    assert crew.calls == {}
    await graph.ainvoke(None, thread())
    state = await graph.aget_state(thread())
    assert (state.next, state.values["status"]) == (("after",), "approved")
    out = await graph.ainvoke(None, thread())
    assert (out["steps"], out["status"]) == (["before", "after"], "approved")
    assert crew.calls == {"a": 1, "b": 1, "c": 1}


async def test_a_question_inside_pauses_the_app_and_shows_each_branch_with_its_own_state(saver: Saver) -> None:
    crew = Trio()
    graph = around(crew.workflow(asks=True).compile(), Shared, checkpointer=saver)
    (question,) = (await graph.ainvoke({"task": "look"}, thread()))["__interrupt__"]
    inner = await inner_of(graph)
    tasks = {task.name: (task.result is not None, [asked.value for asked in task.interrupts]) for task in inner.tasks}
    assert tasks == {"a": (True, []), "b": (True, []), "c": (False, ["may I?"])}
    assert inner.values["queue"][0]["branch_id"] == "a"
    out = await graph.ainvoke(Command(resume={question.id: "yes"}), thread())
    assert out["result"]["c"]["answer"] == "yes"
    assert out["steps"] == ["before", "after"]
    assert crew.calls == {"a": 1, "b": 1, "c": 1}
    assert open_meetings() == 0


@inherited
async def test_an_app_that_crashes_goes_on_with_what_is_missing(way: Way, saver: Saver) -> None:
    crew, crashing = Crew(), [True]

    async def slow(branch: Branch) -> dict[str, Any]:
        crew._note(branch)
        if crashing:
            await asyncio.Event().wait()
        return {"confidence": 0.9}

    graph, given = app(way, build_workflow([crew.scores("a", 0.9), Specialist("slow", slow)]), checkpointer=saver)
    async with aclosing(graph.astream(given, thread(), stream_mode="updates", subgraphs=True)) as parts:
        async for _, part in parts:
            if "a" in part:
                break
    crashing.clear()
    await graph.ainvoke(None, thread())
    assert crew.calls == {"a": 1, "slow": 2}
    assert (await graph.aget_state(thread())).next == ()


async def test_stops_between_the_steps_of_the_workflow_are_the_apps_too() -> None:
    crew = Trio()
    stepped = crew.workflow().compile(interrupt_before=["sync_point", "merger"])
    graph = around(stepped, Shared, checkpointer=InMemorySaver())
    await graph.ainvoke({"task": "look"}, thread())
    assert (await inner_of(graph)).next == ("sync_point",)
    await graph.ainvoke(None, thread())
    assert (await inner_of(graph)).next == ("merger",)
    assert (await graph.ainvoke(None, thread()))["status"] == "approved"
    assert crew.calls == {"a": 1, "b": 1, "c": 1}


# -- back in time -----------------------------------------------------------------------------------------------------


async def test_a_fork_from_before_the_workflow_does_its_branches_again_with_what_was_changed(saver: Saver) -> None:
    crew = Trio()
    graph = around(crew.workflow().compile(), Shared, checkpointer=saver)
    await graph.ainvoke({"task": "look"}, thread())
    past = (await history_of(graph, thread()))["review",]
    forked = await graph.aupdate_state(past.config, {"task": "look closer"})
    out = await graph.ainvoke(None, forked)
    assert out["status"] == "approved"
    assert [branch.task for branch in crew.branches] == ["look"] * 3 + ["look closer"] * 3


async def test_a_fork_from_after_the_workflow_does_none_of_it_again(saver: Saver) -> None:
    crew = Trio()
    graph = around(crew.workflow().compile(), Shared, checkpointer=saver)
    await graph.ainvoke({"task": "look"}, thread())
    past = (await history_of(graph, thread()))["after",]
    out = await graph.ainvoke(None, await graph.aupdate_state(past.config, {"result": "mine"}))
    assert (out["result"], out["steps"]) == ("mine", ["before", "after"])
    assert crew.calls == {"a": 1, "b": 1, "c": 1}


async def test_a_replay_from_before_a_question_asks_it_anew_and_takes_another_answer(saver: Saver) -> None:
    crew = Trio()
    graph = around(crew.workflow(asks=True).compile(), Shared, checkpointer=saver)
    await graph.ainvoke({"task": "look"}, thread())
    await graph.ainvoke(Command(resume="yes"), thread())
    past = (await history_of(graph, thread()))["review",]
    asked = await graph.ainvoke(None, past.config)
    assert [question.value for question in asked["__interrupt__"]] == ["may I?"]
    out = await graph.ainvoke(Command(resume="no"), thread())
    assert out["result"]["c"]["answer"] == "no"
    assert crew.calls == {"a": 2, "b": 2, "c": 2}  # the run that was taken back, and the other


async def test_the_state_inside_can_be_changed_while_the_app_waits(saver: Saver) -> None:
    crew = Trio()
    stepped = crew.workflow().compile(interrupt_before=["merger"])
    graph = around(stepped, Shared, checkpointer=saver)
    await graph.ainvoke({"task": "look"}, thread())
    inner = await inner_of(graph)
    mended = {**inner.values["branches"]["b"], "result": {"by": "hand", "confidence": 1.0}}
    await graph.aupdate_state(inner.config, {"branches": {"b": mended}}, as_node="sync_point")
    assert (await inner_of(graph)).next == ("merger",)
    out = await graph.ainvoke(None, thread())
    assert out["result"]["b"] == {"by": "hand", "confidence": 1.0}
    assert crew.calls == {"a": 1, "b": 1, "c": 1}


async def test_a_workflow_with_a_history_of_its_own_is_forked_inside_and_runs_only_what_follows(saver: Saver) -> None:
    crew = Trio()
    workflow = crew.workflow().compile(checkpointer=True, interrupt_before=["integrator"])
    graph = around(workflow, Shared, checkpointer=saver)
    await graph.ainvoke({"task": "look"}, thread())
    past = (await history_of(graph, place_of(await inner_of(graph))))["sync_point",]
    mended = {**past.values["branches"]["b"], "result": {"by": "hand", "confidence": 1.0}}
    await graph.ainvoke(None, await graph.aupdate_state(past.config, {"branches": {"b": mended}}, as_node="c"))
    out = await graph.ainvoke(None, thread())
    assert out["result"]["b"] == {"by": "hand", "confidence": 1.0}
    assert out["steps"] == ["before", "after"]
    assert crew.calls == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize(
    ("own_history", "again"),
    [(True, {}), (None, {"a": 1, "b": 1, "c": 1})],
    ids=["a history of its own", "one step of the app"],
)
async def test_going_back_into_a_workflow_needs_a_history_of_its_own_else_all_of_it_is_done_again(
    saver: Saver, own_history: bool | None, again: dict[str, int]
) -> None:
    crew = Trio()
    workflow = crew.workflow().compile(checkpointer=own_history, interrupt_before=["integrator"])
    graph = around(workflow, Shared, checkpointer=saver)
    await graph.ainvoke({"task": "look"}, thread())
    states = await history_of(graph, place_of(await inner_of(graph)))
    assert list(states)[:3] == [("integrator",), ("validator",), ("merger",)]
    before = Counter(crew.calls)
    await graph.ainvoke(None, states["merger",].config)
    assert (await inner_of(graph)).next == ("integrator",)
    assert (await graph.ainvoke(None, thread()))["status"] == "approved"
    assert crew.since(before) == again


async def test_a_workflow_with_a_history_of_its_own_begins_anew_in_the_next_run_of_the_thread(saver: Saver) -> None:
    crew = Trio()
    graph = around(crew.workflow().compile(checkpointer=True), Shared, checkpointer=saver)
    await graph.ainvoke({"task": "first"}, thread())
    out = await graph.ainvoke({"task": "second"}, thread())
    assert [branch.task for branch in crew.branches] == ["first"] * 3 + ["second"] * 3
    assert sorted(out["branches"]) == ["a", "b", "c"]


# -- an agent with a tool ---------------------------------------------------------------------------------------------


async def test_an_agent_is_taken_back_to_before_its_call_and_asks_anew(saver: Saver) -> None:
    crew = Trio()
    graph, given = app("tool", crew.workflow(asks=True), checkpointer=saver)
    await graph.ainvoke(given, thread())
    await graph.ainvoke(Command(resume="yes"), thread())
    past = (await history_of(graph, thread()))["tools",]
    asked = await graph.ainvoke(None, past.config)
    assert [question.value for question in asked["__interrupt__"]] == ["may I?"]
    (answer,) = answers_of(await graph.ainvoke(Command(resume="no"), thread()))
    assert answer.artifact["result"]["c"]["answer"] == "no"
    assert answers_of((await graph.aget_state(thread())).values) == [answer]  # as it is stored
    assert crew.calls == {"a": 2, "b": 2, "c": 2}


async def test_an_agent_in_a_thread_uses_a_checkpointer_that_lives_in_an_event_loop(saver: Saver) -> None:
    crew = Trio()
    graph, given = app("tool", crew.workflow(asks=True), checkpointer=saver)
    paused = await asyncio.to_thread(graph.invoke, given, thread())
    assert [question.value for question in paused["__interrupt__"]] == ["may I?"]
    out = await asyncio.to_thread(graph.invoke, Command(resume="yes"), thread())
    assert [answer.status for answer in answers_of(out)] == ["success"]
    assert crew.calls == {"a": 1, "b": 1, "c": 1}
