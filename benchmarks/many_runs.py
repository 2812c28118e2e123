"""Five hundred runs at once in one process: do they mix, what do they leave behind, and what do they take."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from benchmarks.graphs import Bare
from benchmarks.measuring import Row, alternately, times_slower
from langgraph_quorum import Branch, Specialist, build_workflow
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from langgraph_quorum.nodes.branching.thread_pool import thread_statistics

RUNS = 500
NAMES = ("a", "b", "c", "d")
"""Branches of each run: three wait 10 ms, the last blocks a thread for 1 ms."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is there once all runs have ended, as counts."""

    wrong: int
    """Runs with another run's results, or not all of their own."""
    gates: int
    tasks: int
    busy_threads: int
    """Threads of pools that still run something, awaited or not."""
    threads: int
    """Threads beyond those before, without the pools' idle ones, which end after ten seconds."""


def rows_and_counts() -> tuple[list[Row], Left]:
    """The time of all runs together, and what they leave."""
    bare, ours = _bare(), _ours()
    row = times_slower(
        f"{RUNS} runs of {len(NAMES)} branches at once",
        alternately(lambda: _all_bare(bare), lambda: _all_ours(ours), repeats=1),
    )
    before = _threads()
    wrong, gates, tasks = asyncio.run(_counted(ours))
    busy = sum(pool.busy + pool.abandoned for pool in thread_statistics())
    return [row], Left(wrong, gates, tasks, busy, _threads() - before)


def _threads() -> int:
    return threading.active_count() - sum(pool.idle for pool in thread_statistics())


async def _counted(graph: Any) -> tuple[int, int, int]:
    results = await _all_ours(graph)
    wrong = sum(
        result["result"] != {name: {"answer": f"{name} of {run}"} for name in NAMES} or result["status"] != "approved"
        for run, result in enumerate(results)
    )
    return wrong, open_meetings(), len(asyncio.all_tasks()) - 1


async def _all_ours(graph: Any) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*(graph.ainvoke({"task": str(run)}) for run in range(RUNS))))


async def _all_bare(graph: Any) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*(graph.ainvoke({"results": {}, "count": run}) for run in range(RUNS))))


async def _waiting(branch: Branch) -> dict[str, str]:
    await asyncio.sleep(0.01)
    return {"answer": f"{branch.branch_id} of {branch.task}"}


def _blocking(branch: Branch) -> dict[str, str]:
    time.sleep(0.001)
    return {"answer": f"{branch.branch_id} of {branch.task}"}


def _ours() -> Any:
    crew = [*(Specialist(name, _waiting) for name in NAMES[:-1]), Specialist(NAMES[-1], _blocking)]
    return build_workflow(crew, mode="parallel", merge="merge_all").compile()


def _bare() -> Any:
    async def waiting(state: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"results": {state["name"]: {"answer": f"{state['name']} of {state['run']}"}}}

    def blocking(state: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.001)
        return {"results": {state["name"]: {"answer": f"{state['name']} of {state['run']}"}}}

    def send_all(state: Bare) -> list[Send]:
        return [Send(name, {"name": name, "run": state["count"]}) for name in NAMES]

    graph = StateGraph(Bare)
    graph.add_node("plan", lambda state: {"count": state["count"]})
    for name in NAMES:
        worker: Any = blocking if name == NAMES[-1] else waiting
        graph.add_node(name, worker)
        graph.add_edge(name, "join")
    graph.add_node("join", lambda state: {"count": len(state["results"])})
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", send_all, list(NAMES))
    graph.add_edge("join", END)
    return graph.compile()
