"""A workflow inside an app whose context is its own: it uses its own settings, and does not stumble."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum import Specialist, build_workflow
from tests.graphs.running import Crew


@dataclass
class AppContext:
    """What the app hands to its own nodes."""

    user: str


class AppState(TypedDict, total=False):
    """Shares `task`, `status` and `branches` with the workflow."""

    task: str
    status: str
    branches: dict[str, Any]


async def test_a_workflow_takes_no_harm_from_its_parents_context() -> None:
    crew = Crew()
    quick: Specialist = crew.sleeps("quick", 0)
    parent = StateGraph(AppState, context_schema=AppContext)
    parent.add_node("review", build_workflow([quick]).compile())
    parent.add_edge(START, "review")
    parent.add_edge("review", END)
    out = await parent.compile().ainvoke({"task": "look"}, context=AppContext(user="ada"))
    assert out["status"] == "approved"
    assert out["branches"]["quick"]["status"] == "succeeded"
