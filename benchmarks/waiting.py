"""A hundred branches that wait 0.1 s each: how much of the waiting is shared."""

from __future__ import annotations

import asyncio
from statistics import median
from typing import Any

from benchmarks.graphs import bare_graph, bare_input, joined_graph, waiting, waiting_worker, workflow, workflow_input
from benchmarks.measuring import Row, seconds, times_faster

COUNT = 100
REPEATS = 7
SHARE = 0.9


def rows() -> list[Row]:
    """Against the bare graph with `max_concurrency=1`, which takes ten seconds and is measured once."""
    bare, joined = bare_graph(waiting_worker), joined_graph(bundle=50, worker=waiting_worker)
    contenders = {
        "the bare graph itself, parallel": lambda: bare.ainvoke(bare_input(COUNT)),
        "the join alone, bundles of 50": lambda: joined.ainvoke(bare_input(COUNT)),
        "whole workflow, each branch alone": _run_of(workflow(waiting)),
        "whole workflow, bundles of 50": _run_of(workflow(waiting, bundle=50)),
    }

    async def measured() -> tuple[float, dict[str, list[float]]]:
        one_by_one = await seconds(lambda: bare.ainvoke(bare_input(COUNT), {"max_concurrency": 1}))
        taken: dict[str, list[float]] = {name: [] for name in contenders}
        for run in contenders.values():
            await run()
        for _ in range(REPEATS):
            for name, run in contenders.items():
                taken[name].append(await seconds(run))
        return one_by_one, taken

    one_by_one, taken = asyncio.run(measured())
    return [
        times_faster(f"{COUNT} x 0.1 s of I/O: {name}", (one_by_one, median(times)), SHARE * COUNT, "one by one")
        for name, times in taken.items()
    ]


def _run_of(graph: Any) -> Any:
    given = workflow_input(COUNT)
    return lambda: graph.ainvoke(given)
