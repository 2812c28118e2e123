"""Taking a thread up with a thousand finished branches: how long until the one that is left begins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from langchain_core.runnables import RunnableConfig

from benchmarks.graphs import bare_graph, bare_input, uncompiled_workflow, workflow_input
from benchmarks.measuring import Row, seconds, shown
from benchmarks.postgres import Scene, new_thread
from langgraph_quorum import Branch

FINISHED = 1000
REPEATS = 5
MOST = 2.0
_LAST = f"b{FINISHED}"
_WAIT_S = 60.0


@dataclass(slots=True)
class Stuck:
    """A worker whose last branch begins and does not end."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def node(self, state: dict[str, Any]) -> dict[str, Any]:
        return {"results": {state["branch_id"]: await self._answer(state["branch_id"])}}

    async def specialist(self, branch: Branch) -> dict[str, str]:
        return await self._answer(branch.branch_id)

    async def _answer(self, branch_id: str) -> dict[str, str]:
        if branch_id == _LAST:
            self.begun.set()
            await asyncio.Event().wait()
        return {"answer": branch_id}

    async def until_begun(self, run: Awaitable[Any]) -> float:
        """Seconds until the last branch begins; the run is cancelled then."""
        self.begun.clear()
        began = time.perf_counter()
        driving = asyncio.ensure_future(run)
        async with asyncio.timeout(_WAIT_S):
            await self.begun.wait()
        taken = time.perf_counter() - began
        await _cancelled(driving)
        return taken


async def rows(scene: Scene) -> list[Row]:
    """Our resume, against the official saver's read of the same thread's state."""
    stuck = Stuck()
    whole = uncompiled_workflow(stuck.specialist)
    bare = await _held(
        scene, stuck, "bare graph", lambda saver: bare_graph(stuck.node, saver), bare_input(FINISHED + 1)
    )
    given = workflow_input(FINISHED + 1)
    ours = await _held(scene, stuck, "whole workflow", lambda saver: whole.compile(checkpointer=saver), given)
    return [*bare, *ours]


async def _held(
    scene: Scene, stuck: Stuck, name: str, compiled: Callable[[Any], Any], given: dict[str, Any]
) -> list[Row]:
    graph, reading, config = compiled(scene.saver), compiled(scene.official), new_thread()
    await _leave_one(scene, stuck, graph, given, config)
    taken: tuple[list[float], list[float], list[float]] = ([], [], [])
    for _ in range(REPEATS + 1):
        taken[0].append(await stuck.until_begun(graph.ainvoke(None, config, durability="async")))
        taken[1].append(await seconds(lambda: reading.aget_state(config)))
        taken[2].append(await seconds(lambda: scene.official.aget_tuple(config)))
    await scene.clear()
    resumed, state, checkpoint = (median(times[1:]) for times in taken)
    title, met = f"resume after {FINISHED} branches: {name}", resumed / state <= MOST
    return [
        Row(title, shown(resumed), f"aget_state {shown(state)}", f"{resumed / state:.2f}", f"at most {MOST:g}", met),
        Row(
            "  against reading its rows alone",
            shown(resumed),
            f"aget_tuple {shown(checkpoint)}",
            f"{resumed / checkpoint:.2f}",
        ),
    ]


async def _leave_one(scene: Scene, stuck: Stuck, graph: Any, given: dict[str, Any], config: RunnableConfig) -> None:
    """Run until all branches but the last are stored."""
    driving = asyncio.ensure_future(graph.ainvoke(given, config, durability="async"))
    async with asyncio.timeout(_WAIT_S):
        await stuck.begun.wait()
        while await _stored(scene) < FINISHED:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
    await _cancelled(driving)


async def _stored(scene: Scene) -> int:
    return await scene.number("SELECT count(DISTINCT task_id) FROM checkpoint_writes")


async def _cancelled(driving: asyncio.Future[Any]) -> None:
    driving.cancel()
    with suppress(asyncio.CancelledError):
        await driving
