"""Taking times in one run, and showing them."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what was measured, against what, what came out, and what it should reach."""

    work: str
    measured: str
    against: str
    ratio: str
    target: str = ""
    met: bool | None = None
    """None where there is no target."""


async def seconds(run: Work) -> float:
    """Wall time of one run, begun without garbage of the last one."""
    gc.collect()
    began = time.perf_counter()
    await run()
    return time.perf_counter() - began


async def nothing() -> None:
    """No work: what is measured or done between where nothing is to be."""


async def medians(works: Sequence[Work], repeats: int, between: Work = nothing) -> list[float]:
    """Median times of kinds of run that take turns, after one of each that warms up.

    Args:
        works: Kinds of run.
        repeats: How often each is measured.
        between: Done after each run, and not measured.
    """
    taken: list[list[float]] = [[] for _ in works]
    for turn in range(repeats + 1):
        for times, work in zip(taken, works, strict=True):
            time_s = await seconds(work)
            await between()
            if turn > 0:
                times.append(time_s)
    return [median(times) for times in taken]


def alternately(bare: Work, ours: Work, repeats: int) -> tuple[float, float]:
    """Median times of two kinds of run that take turns, after one of each that warms up."""
    first, second = asyncio.run(medians([bare, ours], repeats))
    return first, second


def times_slower(work: str, times: tuple[float, float], most: float | None = None, against: str = "bare graph") -> Row:
    """Our time as a multiple of the other's, at most `most`."""
    other, ours = times
    target, met = ("", None) if most is None else (f"at most {most:g}", ours / other <= most)
    return Row(work, shown(ours), f"{against} {shown(other)}", f"{ours / other:.2f}", target, met)


def times_faster(work: str, times: tuple[float, float], least: float | None = None, against: str = "bare graph") -> Row:
    """The other's time as a multiple of ours, at least `least`."""
    other, ours = times
    target, met = ("", None) if least is None else (f"at least {least:g} x", other / ours >= least)
    return Row(work, shown(ours), f"{against} {shown(other)}", f"{other / ours:.1f} x faster", target, met)


def shown(time_s: float) -> str:
    """Seconds, or milliseconds where that reads better."""
    return f"{time_s:.2f} s" if time_s >= 1 else f"{time_s * 1000:.0f} ms"


def table(title: str, rows: Sequence[Row]) -> str:
    """The rows in columns, under a title."""
    heads = (title, "measured", "against", "ratio", "to reach", "met")
    met = {True: "yes", False: "NO", None: ""}
    lines = [(row.work, row.measured, row.against, row.ratio, row.target, met[row.met]) for row in rows]
    widths = [max(len(line[column]) for line in [heads, *lines]) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [heads, tuple("-" * width for width in widths), *lines]
    )
