"""The analyzer: measures the work and the machine, picks the mode, and says why."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Overwrite

from langgraph_quorum.nodes.artifacts.shelf import shelf_of
from langgraph_quorum.nodes.journal import entry
from langgraph_quorum.nodes.planning.capacity import LocalCapacity
from langgraph_quorum.nodes.planning.checks import Terms
from langgraph_quorum.nodes.planning.order import membership, ordered
from langgraph_quorum.nodes.planning.routing import default_work, routed
from langgraph_quorum.nodes.planning.survey import Survey
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.workflow import Growth, LoadMetrics, QuorumContext, QuorumInput, QuorumState

Planner = Callable[[QuorumState], Awaitable[list[WorkItem]]]
"""Makes the work when the input holds none."""


def analyzer_node(
    survey: Survey, terms: Terms, planner: Planner | None, takes: Collection[str] = tuple(QuorumInput.__annotations__)
) -> RuntimeNode:
    """The analyzer of one workflow.

    Args:
        survey: Measures the work.
        terms: What work is held against.
        planner: Makes the work when the input holds none.
        takes: Fields of the input, for the error when nothing came in.
    """
    local = LocalCapacity()

    async def analyzer(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        shelf = shelf_of(runtime.context)
        if shelf is not None:
            state = {**state, "sources": await shelf.back(state.get("sources", []))}
        work = routed(await _work(state, survey, planner, takes), terms)
        queue = ordered(work, membership(work, terms.specialists, terms.points))
        if shelf is not None:
            queue = await shelf.work_away(queue, terms.specialists)
            state = {**state, "sources": await shelf.away(state["sources"])}
        probe = QuorumContext.of(runtime.context).capacity or local
        decision = survey.decide(queue, await probe.measure())
        info = runtime.execution_info
        fresh = _fresh_run(state, info.checkpoint_id if info is not None else "")
        known: QuorumState = {**state, "workflow_id": fresh["workflow_id"], "round": 0}
        figures = {key: value for key, value in decision.items() if key not in {"allocation", "why"}}
        return {
            **fresh,
            "queue": queue,
            "dependencies": {item["branch_id"]: item["depends_on"] for item in queue if item.get("depends_on")},
            "mode": decision,
            "timeline": [entry(known, "analyzer", "mode_chosen", decision["why"], branches=len(queue), **figures)],
        }

    return analyzer


async def _work(state: QuorumState, survey: Survey, planner: Planner | None, takes: Collection[str]) -> list[WorkItem]:
    work = state.get("work")
    if work:
        return work
    if planner is not None:
        planned = planner(state)
        if not inspect.isawaitable(planned):
            raise ConfigurationError("Tuning.planner", planned, "give an async function: what it returns is awaited")
        return await planned
    if work is not None:
        return []
    if state.get("task") is None and not (state.get("sources") or state.get("messages")):
        mend = f"give one of {', '.join(map(repr, takes))}, spelled so: LangGraph drops any other key without a word"
        raise PlanError(f"the run was given nothing to do: {mend}")
    return default_work(survey.specialists)


def _fresh_run(state: QuorumState, workflow_id: str) -> dict[str, Any]:
    """What a new run starts with: on a thread that was run before, its results do not count as this run's."""
    reset: dict[str, Any] = {
        "workflow_id": workflow_id,
        "work": None,  # now in the queue: the thread's next run brings its own
        "round": 0,
        "redo": [],
        "load": LoadMetrics(rounds=0, redistributed=0, history={}, attempts=0, seconds=0.0, cost=0.0, why=""),
        "growth": Growth(generations={}, refused={}),
        "pending": [],
        "status": "running",
        "verdict": None,
        "error": None,
        "merged": None,
        "findings": [],
        "revision": None,
        "guidance": {},
        "partial": False,
        "failed": [],
        "result": None,
        "quality": 0.0,
        "confidence_interval": [0.0, 0.0],
        "attribution": [],
        "performance": {},
        "metrics": {},
        "sources": state.get("sources", []),
    }
    if state.get("branches"):
        reset["branches"] = Overwrite({})
    if state.get("sync"):
        reset["sync"] = Overwrite([])
    return reset
