"""Four specialists of 0.1 s and one of 30 s: how close the run comes to the ideal, 0.1 s of work and the grace."""

from __future__ import annotations

import asyncio

from benchmarks.measuring import Row, seconds
from langgraph_quorum import Branch, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.nodes.planning.mode import ModeChoice

GRACE_S = 0.2


async def quick(branch: Branch) -> dict[str, str]:
    await asyncio.sleep(0.1)
    return {"answer": branch.branch_id}


async def slow(branch: Branch) -> dict[str, str]:
    await asyncio.sleep(30)
    return {"answer": branch.branch_id}


def rows() -> list[Row]:
    """In `parallel` all five start at once; `auto` begins with three, so two rounds of 0.1 s come before the grace."""
    found = []
    ideals: list[tuple[ModeChoice, float]] = [("parallel", 0.1 + GRACE_S), ("auto", 0.2 + GRACE_S)]
    for mode, ideal in ideals:
        crew = [*(Specialist(name, quick) for name in "abcd"), Specialist("slow", slow)]
        graph = build_workflow(crew, SyncPolicy(threshold=0.75, grace_s=GRACE_S), mode=mode).compile()
        taken = seconds(lambda graph=graph: graph.ainvoke({"task": "t"}), repeats=5)  # type: ignore[misc]
        name = f"4 x 0.1 s + 1 x 30 s, mode={mode}"
        found.append(Row(name, f"{taken:.3f} s", f"ideal {ideal:.1f} s", taken / ideal))
    return found
