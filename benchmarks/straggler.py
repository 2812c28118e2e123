"""Four specialists of 0.1 s and one of 30 s: how close the run comes to the ideal, 0.1 s of work and the grace."""

from __future__ import annotations

import asyncio
from statistics import median

from benchmarks.graphs import waiting
from benchmarks.measuring import Row, seconds, shown
from langgraph_quorum import Branch, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.nodes.planning.mode import ModeChoice

GRACE_S = 0.2
IDEAL_S = 0.1 + GRACE_S
WITHIN_S = 0.1


async def slow(branch: Branch) -> dict[str, str]:
    await asyncio.sleep(30)
    return {"answer": branch.branch_id}


def rows() -> list[Row]:
    """`parallel` starts all five at once; `auto` picks `adaptive` here, which begins with three: 0.1 s more."""
    crew = [*(Specialist(name, waiting) for name in "abcd"), Specialist("slow", slow)]
    sync = SyncPolicy(threshold=0.75, grace_s=GRACE_S)
    found = []
    modes: list[ModeChoice] = ["parallel", "auto"]
    for mode in modes:
        graph = build_workflow(crew, sync, mode=mode).compile()
        taken = asyncio.run(_median(graph))
        target, met = ("within 0.1 s", taken - IDEAL_S <= WITHIN_S) if mode == "parallel" else ("", None)
        name = f"4 x 0.1 s + 1 x 30 s, mode={mode}"
        found.append(Row(name, shown(taken), f"ideal {shown(IDEAL_S)}", f"{taken - IDEAL_S:+.3f} s", target, met))
    return found


async def _median(graph: object, repeats: int = 5) -> float:
    async def run() -> None:
        await graph.ainvoke({"task": "t"})  # type: ignore[attr-defined]

    await run()
    return median([await seconds(run) for _ in range(repeats)])
