"""An agent with a tool whose workflow asks a human."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from langchain.agents import create_agent
from langchain_core.tools import BaseTool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import interrupt

from langgraph_quorum import Branch, Specialist, build_workflow
from langgraph_quorum.graphs.tool import as_tool
from tests.chat_models import AgentModel, answers_of, calls, says

GO: Any = {"messages": [("user", "go")]}


class Asking:
    """Specialists that note for which task they have done their work."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.works_s: dict[str, float] = {}

    def tool(self, **settings: Any) -> BaseTool:
        """A tool whose workflow has one specialist that answers and one that asks first."""
        specialists = [Specialist("works", self._works), Specialist("asks", self._asks)]
        return as_tool(
            build_workflow(specialists, merge="merge_all", mode="parallel", **settings), "review", "Reviews."
        )

    async def _works(self, branch: Branch) -> dict[str, Any]:
        self.done[f"{branch.task} works"] += 1
        await asyncio.sleep(self.works_s.get(branch.task, 0))
        return {"confidence": 0.9}

    async def _asks(self, branch: Branch) -> dict[str, Any]:
        answer = interrupt(f"may {branch.task}?")
        self.done[f"{branch.task} asks"] += 1
        return {"answer": answer, "confidence": 0.9}


def agent_with(tool: BaseTool, *tasks: str, saver: Any = None) -> Any:
    """An agent that calls the tool once for each task, at once, and then ends."""
    model = AgentModel(answers=[calls(tool, *({"task": task} for task in tasks)), says("done")])
    return create_agent(model, [tool], checkpointer=saver or InMemorySaver())


def tool_graph(tool: BaseTool) -> Any:
    """A graph in which one task runs all calls of a message."""
    graph = StateGraph(MessagesState).add_node("tools", ToolNode([tool])).add_edge(START, "tools")
    return graph.compile(checkpointer=InMemorySaver())


def asked_by(state: dict[str, Any]) -> dict[str, str]:
    """The ids of the open questions, by their text."""
    return {question.value: question.id for question in state.get("__interrupt__", ())}


def replies(state: dict[str, Any]) -> list[str]:
    """What was answered in the run of each call, in the order of the calls."""
    return [message.artifact["result"]["asks"]["answer"] for message in answers_of(state)]
