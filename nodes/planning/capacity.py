"""What this machine can give right now, read through psutil."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any, NamedTuple

import psutil

from langgraph_quorum.nodes.branching.cores import usable_cores
from langgraph_quorum.state.ports import Capacity

WINDOW_S = 0.05
"""Shortest time over which CPU use is measured."""
FRESH_S = 0.1
"""A measurement younger than this is given again: runs that start together share it, as they share one under way."""
STALE_S = 5.0
"""A sample older than this says nothing about the present, so a new window is begun."""


class _Sample(NamedTuple):
    """What the system says at a moment, seconds on the monotonic clock."""

    at: float
    cpu_times: Any
    free_memory_bytes: int


class LocalCapacity:
    """Measures CPU and memory of this machine: what the cores did between this measurement and the last."""

    def __init__(self, cost_budget: float | None = None) -> None:
        self._cost_budget = cost_budget
        self._last: _Sample | None = None
        self._known: Capacity | None = None
        self._under_way: asyncio.Task[Capacity] | None = None

    async def measure(self) -> Capacity:
        """The capacity at this moment; takes up to 0.05 s when nothing was measured in the last seconds."""
        if self._known is not None and self._age_s() < FRESH_S:
            return self._known
        loop, task = asyncio.get_running_loop(), self._under_way
        if task is None or task.done() or task.get_loop() is not loop:
            task = self._under_way = loop.create_task(self._measured(), name="quorum:capacity")
        return await asyncio.shield(task)

    def _age_s(self) -> float:
        return math.inf if self._last is None else time.monotonic() - self._last.at

    async def _measured(self) -> Capacity:
        age_s = self._age_s()
        if self._last is None or age_s > STALE_S:
            self._last = await asyncio.to_thread(_sample)
        await asyncio.sleep(max(0.0, WINDOW_S - (time.monotonic() - self._last.at)))
        before, self._last = self._last, await asyncio.to_thread(_sample)
        self._known = self._capacity(before, self._last)
        return self._known

    def _capacity(self, before: _Sample, now: _Sample) -> Capacity:
        free_cpu, io_wait = _shares(before.cpu_times, now.cpu_times)
        cpus = usable_cores()
        return Capacity(
            cpus=cpus,
            free_cpu=free_cpu,
            free_memory_bytes=now.free_memory_bytes,
            free_workers=max(1, round(cpus * free_cpu)),
            io_wait=io_wait,
            cost_budget=self._cost_budget,
        )


def _sample() -> _Sample:
    return _Sample(time.monotonic(), psutil.cpu_times(), int(psutil.virtual_memory().available))


def _shares(before: Any, after: Any) -> tuple[float, float]:
    """Idle share (waiting for I/O counts as idle) and I/O share of the time between two samples of `cpu_times`."""
    spent = {name: max(0.0, getattr(after, name) - getattr(before, name)) for name in after._fields}
    guest = spent.pop("guest", 0.0) + spent.pop("guest_nice", 0.0)  # Linux counts these inside user and nice too
    total = sum(spent.values())
    if total <= 0:
        return 1.0, 0.0
    io_wait = spent.get("iowait", 0.0)
    return min(1.0, (spent["idle"] + io_wait) / max(total, guest)), io_wait / total
