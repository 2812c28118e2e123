"""Apps that embed a workflow, in each of the ways there are."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from langchain.agents import create_agent
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum.graphs.tool import as_tool
from langgraph_quorum.state.records import BranchRecord
from tests.chat_models import AgentModel, calls, says

Way = Literal["subgraph", "function", "tool"]
WAYS: tuple[Way, ...] = ("subgraph", "function", "tool")


@dataclass(frozen=True)
class AppContext:
    """What the app hands to its own nodes."""

    user: str


class Shared(TypedDict, total=False):
    """An app's state that shares `task`, `work`, `status`, `result` and `branches` with the workflow."""

    task: str
    work: list[Any]
    status: str
    result: Any
    branches: dict[str, BranchRecord]
    steps: Annotated[list[str], operator.add]


class Different(TypedDict, total=False):
    """An app's state that shares nothing with the workflow."""

    question: str
    answer: Any
    steps: Annotated[list[str], operator.add]


async def before(state: Any) -> dict[str, list[str]]:
    """A node of the app."""
    return {"steps": ["before"]}


async def after(state: Any) -> dict[str, list[str]]:
    """A node of the app."""
    return {"steps": ["after"]}


def around(review: Any, schema: Any, **compiled: Any) -> Any:
    """A compiled graph `before -> review -> after`."""
    graph = StateGraph(schema, context_schema=compiled.pop("context_schema", None))
    graph.add_node("before", before)
    graph.add_node("review", review)
    graph.add_node("after", after)
    graph.add_edge(START, "before")
    graph.add_edge("before", "review")
    graph.add_edge("review", "after")
    return graph.compile(**compiled)


def calling(workflow: Any) -> Any:
    """A function node that runs the workflow on a state of its own."""

    async def review(state: Different) -> dict[str, Any]:
        output = await workflow.ainvoke({"task": state["question"]})
        return {"answer": output["result"]}

    return review


def app(way: Way, workflow: Any, **compiled: Any) -> tuple[Any, dict[str, Any]]:
    """An app that embeds the workflow in this way, and what it is invoked with."""
    if way == "subgraph":
        return around(workflow.compile(), Shared, **compiled), {"task": "look"}
    if way == "function":
        return around(calling(workflow.compile()), Different, **compiled), {"question": "look"}
    tool = as_tool(workflow, "review", "Reviews a text.")
    model = AgentModel(answers=[calls(tool, {"task": "look"}), says("done")])
    return create_agent(model, [tool], **compiled), {"messages": [("user", "go")]}
