"""Five specialists, of which one hangs and one fails: the same crew on plain LangGraph and on the quorum join."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NotRequired

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from langgraph_quorum.graphs.workflow import QuorumBuilder, Tuning, build_workflow
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.form import Task
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.workflow import QuorumState

QUICK_S = 0.1
GRACE_S = 0.2
QUICK = ("technical", "security", "performance")
FAILS = "legal"
HANGS = "archive"
CREW = (*QUICK, FAILS, HANGS)

STUDIO_HANG_S = 60.0

Work = Callable[[str], Awaitable[dict[str, Any]]]


class CrewInput(TypedDict):
    """What the crew is to look into."""

    task: NotRequired[Task]


def work_of(hang_s: float) -> Work:
    """What each specialist does: three answer after 0.1 s, one raises after 0.1 s, one takes `hang_s`."""

    async def work(name: str) -> dict[str, Any]:
        await asyncio.sleep(hang_s if name == HANGS else QUICK_S)
        if name == FAILS:
            raise ValueError("the clause database is closed")
        return {"finding": f"{name} has looked", "confidence": 0.9}

    return work


def quorum_crew(hang_s: float) -> QuorumBuilder:
    """The crew behind a sync point that three of five make: it grants stragglers 0.2 s more."""
    work = work_of(hang_s)

    async def run(branch: Branch) -> dict[str, Any]:
        return await work(branch.branch_id)

    sync = SyncPolicy(threshold=0.6, grace_s=GRACE_S, deadline_s=hang_s + 60)
    crew = [Specialist(name, run) for name in CREW]
    return build_workflow(crew, sync, mode="parallel", tuning=Tuning(planner=_everyone, input_schema=CrewInput))


async def _everyone(state: QuorumState) -> list[WorkItem]:
    """A branch for each, whether or not it was told a task."""
    del state
    return [WorkItem(branch_id=name, specialist=name) for name in CREW]


def graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """The crew as LangGraph Studio opens it: one of it hangs for a minute, and the run does not."""
    return quorum_crew(STUDIO_HANG_S).compile()


class PlainState(TypedDict):
    """What a hand-written graph keeps: answers by name."""

    answers: Annotated[dict[str, Any], operator.or_]


class PlainCall(TypedDict):
    """What a hand-written graph sends."""

    name: str


def plain_crew(hang_s: float, *, catching: bool) -> CompiledStateGraph[PlainState, None, PlainState, PlainState]:
    """The crew on a bare `Send` and a dict reducer.

    Args:
        hang_s: Seconds that one of them takes.
        catching: Whether the worker catches errors itself, so that one of them does not end the run.
    """
    work = work_of(hang_s)

    async def worker(state: PlainCall) -> dict[str, Any]:
        try:
            return {"answers": {state["name"]: await work(state["name"])}}
        except ValueError:
            if not catching:
                raise
            return {}

    async def join(state: PlainState) -> dict[str, Any]:
        return {"answers": state["answers"]}

    def fan_out(state: PlainState) -> list[Send]:
        del state
        return [Send("worker", PlainCall(name=name)) for name in CREW]

    graph = StateGraph(PlainState)
    graph.add_node("worker", worker, input_schema=PlainCall)
    graph.add_node("join", join)
    graph.add_conditional_edges(START, fan_out, ["worker"])
    graph.add_edge("worker", "join")
    graph.add_edge("join", END)
    return graph.compile()
