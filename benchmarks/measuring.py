"""Taking times in one run, and showing them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, against what, and what came out."""

    work: str
    measured: str
    against: str
    ratio: float


def seconds(run: Callable[[], Awaitable[object]], repeats: int) -> float:
    """Median time of a coroutine function over some runs, after one that warms up."""

    async def all_runs() -> list[float]:
        await run()
        taken = []
        for _ in range(repeats):
            began = time.perf_counter()
            await run()
            taken.append(time.perf_counter() - began)
        return taken

    return median(asyncio.run(all_runs()))


def table(rows: list[Row]) -> str:
    """The rows in columns."""
    heads = ("work", "measured", "against", "ratio")
    lines = [(row.work, row.measured, row.against, f"{row.ratio:.2f}") for row in rows]
    widths = [max(len(line[column]) for line in [heads, *lines]) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [heads, *lines]
    )
