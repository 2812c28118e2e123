"""Time and memory of a bundled branch as the branches of a run grow in number, each size in a process of its own.

Each size has the same number of branches to do in all, 100 runs of 1000 or one of 100,000, and the time is that of all:
Python's full garbage collections come once in many small runs, and several times in a large one.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from pathlib import Path

import psutil

from benchmarks.graphs import workflow, workflow_input
from benchmarks.measuring import Row, seconds

SIZES = (1000, 10_000, 100_000)
IN_ALL = 100_000
ROUNDS = 3
"""How often all is done; the fastest counts, because what else the machine does only ever adds."""
SPREAD = 1.25
"""What counts as constant for each branch."""


def rows() -> list[Row]:
    """The figures of 1000 branches are what the larger sizes are held against; memory, of 10 000: less is not seen."""
    found = {count: _in_a_process(count) for count in SIZES}
    lines = []
    for count, (per_branch_us, memory_kb) in found.items():
        times = per_branch_us / found[1000][0]
        lines.append(
            Row(
                f"{count} trivial, bundle='auto'",
                f"{per_branch_us:.1f} us a branch",
                f"1000: {found[1000][0]:.1f} us",
                f"{times:.2f}",
                "" if count == 1000 else f"at most {SPREAD:g}",
                None if count == 1000 else times <= SPREAD,
            )
        )
        if count > 1000:
            growth = memory_kb / found[10_000][1]
            met = None if count == 10_000 else growth <= SPREAD
            target = "" if met is None else f"at most {SPREAD:g}"
            against = f"10000: {found[10_000][1]:.1f} kB"
            lines.append(
                Row("  its peak memory", f"{memory_kb:.1f} kB a branch", against, f"{growth:.2f}", target, met)
            )
    return lines


def _in_a_process(count: int) -> tuple[float, float]:
    """Microseconds and kilobytes for each branch."""
    command = [sys.executable, "-m", "benchmarks.scaling", str(count)]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)
    return figures["time_us"], figures["memory_kb"]


def _peak_kb() -> float:
    """Most memory that this process has ever held. Linux's `ru_maxrss` would count the process that started it."""
    try:
        status = Path("/proc/self/status").read_text()
        return float(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)


async def _measured(count: int) -> dict[str, float]:
    graph = workflow(bundle="auto")
    await graph.ainvoke(workflow_input(100))
    before_kb = psutil.Process().memory_info().rss / 1024
    given = workflow_input(count)
    await graph.ainvoke(given)
    peak_kb = _peak_kb()

    async def all_of_them() -> None:
        for _ in range(IN_ALL // count):
            await graph.ainvoke(given)

    times = [await seconds(all_of_them) for _ in range(ROUNDS)]
    return {"time_us": min(times) / IN_ALL * 1e6, "memory_kb": (peak_kb - before_kb) / count}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measured(int(sys.argv[1])))))
