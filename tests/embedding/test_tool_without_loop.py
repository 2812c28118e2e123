"""A workflow as a tool of an agent that is called without an event loop."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import suppress
from typing import Self

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langgraph_quorum import build_workflow
from langgraph_quorum.graphs import tool_without_loop
from langgraph_quorum.graphs.tool import as_tool
from langgraph_quorum.graphs.tool_without_loop import run_without_a_loop
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from langgraph_quorum.state.errors import ConfigurationError
from tests.chat_models import answers_of, calls
from tests.embedding.asking import GO, Asking, agent_with, asked_by, replies, tool_graph
from tests.graphs.running import Crew, thread


def test_a_sync_agent_pauses_and_goes_on_as_well() -> None:
    crew = Asking()
    agent = agent_with(crew.tool(), "one", "two")
    questions = asked_by(agent.invoke(GO, thread()))
    still = agent.invoke(Command(resume={questions["may two?"]: "2"}), thread())
    assert list(asked_by(still)) == ["may one?"]
    assert replies(agent.invoke(Command(resume={questions["may one?"]: "1"}), thread())) == ["1", "2"]
    assert set(crew.done.values()) == {1}
    assert open_meetings() == 0


def test_threads_of_a_sync_tool_node_find_their_own_states_whichever_comes_first() -> None:
    crew = Asking()
    tool, tasks = crew.tool(), [f"t{number}" for number in range(6)]
    graph = tool_graph(tool)
    out = graph.invoke({"messages": [calls(tool, *({"task": task} for task in tasks))]}, thread())
    while asked := asked_by(out):
        out = graph.invoke(Command(resume={key: f"yes, {question}" for question, key in asked.items()}), thread())
    assert replies(out) == [f"yes, may {task}?" for task in tasks]
    assert set(crew.done.values()) == {1}


def test_a_sync_agent_streams_what_its_branches_do() -> None:
    tool = as_tool(build_workflow([Crew().scores("a", 0.9)]), "review", "Reviews.")
    events = agent_with(tool, "one").stream(GO, thread(), stream_mode="custom", subgraphs=True)
    assert [(len(ns), event["branch_id"], event["event"]) for ns, event in events] == [(2, "a", "succeeded")]


async def test_a_sync_call_inside_an_event_loop_says_to_await() -> None:
    tool = as_tool(build_workflow([Crew().sleeps("a", 0)]), "review", "Reviews.")
    with pytest.raises(ConfigurationError, match=r"an event loop is running here: await agent\.ainvoke"):
        tool.invoke({"task": "look"})


class SyncSaver(InMemorySaver):
    """Has no async methods, like those for a sync database driver."""

    aget_tuple = InMemorySaver.__mro__[1].aget_tuple  # type: ignore[attr-defined]  # of the base class


def test_a_checkpointer_without_async_methods_is_refused_with_the_mend() -> None:
    agent = agent_with(as_tool(build_workflow([Crew().sleeps("a", 0)]), "r", "Reviews."), "one", saver=SyncSaver())
    with pytest.raises(ConfigurationError, match="give an async saver, and await"):
        agent.invoke(GO, thread())


class InALoop(InMemorySaver):
    """Lives in an event loop of another thread, like those for an async database driver."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.loop.is_running():
            self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        for task in asyncio.all_tasks(self.loop):
            with suppress(asyncio.CancelledError):
                self.loop.run_until_complete(task)
        self.loop.close()


def test_a_checkpointers_loop_that_stops_while_the_tool_runs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_without_loop, "LOOK_S", 0.01)
    with InALoop() as saver:

        async def stops() -> None:
            saver.loop.stop()
            await asyncio.sleep(3600)

        with pytest.raises(ConfigurationError, match="its event loop has ended: keep it open while agents run"):
            run_without_a_loop("review", saver, stops)


def test_a_run_that_the_end_of_its_loop_has_cancelled_says_so() -> None:
    async def cancelled() -> None:
        for task in asyncio.all_tasks():
            task.cancel()  # as `asyncio.run` does with all that is left
        await asyncio.sleep(3600)

    with (
        InALoop() as saver,
        pytest.raises(ConfigurationError, match="its event loop has ended: keep it open while agents run"),
    ):
        run_without_a_loop("review", saver, cancelled)


def test_the_model_reads_json() -> None:
    agent = agent_with(as_tool(build_workflow([Crew().scores("a", 0.5)]), "review", "Reviews."), "one")
    (answer,) = answers_of(agent.invoke(GO, thread()))
    assert json.loads(str(answer.content))["status"] == "partial"
