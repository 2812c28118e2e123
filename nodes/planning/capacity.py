"""What this machine can give right now, read through psutil."""

from __future__ import annotations

import asyncio
import math
import os
import time
from typing import Any

import psutil

from langgraph_quorum.state.ports import Capacity

WINDOW_S = 0.05
"""Shortest time over which CPU use is measured."""
FRESH_S = 0.1
"""A measurement younger than this is given again: runs that start together share it, as they share one under way."""
STALE_S = 5.0
"""A sample older than this says nothing about the present, so a new window is begun."""


class LocalCapacity:
    """Measures CPU and memory of this machine: what the cores did between this measurement and the last."""

    def __init__(self, cost_budget: float | None = None) -> None:
        self._cost_budget = cost_budget
        self._last: tuple[float, Any] | None = None
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
        return math.inf if self._last is None else time.monotonic() - self._last[0]

    async def _measured(self) -> Capacity:
        age_s = self._age_s()
        if self._last is None or age_s > STALE_S:
            self._last = await asyncio.to_thread(_sample)
        await asyncio.sleep(max(0.0, WINDOW_S - (time.monotonic() - self._last[0])))
        before, self._last = self._last, await asyncio.to_thread(_sample)
        self._known = await self._capacity(before[1], self._last[1])
        return self._known

    async def _capacity(self, before: Any, after: Any) -> Capacity:
        memory = await asyncio.to_thread(psutil.virtual_memory)
        free_cpu, io_wait = _shares(before, after)
        cpus = _usable_cpus()
        return Capacity(
            cpus=cpus,
            free_cpu=free_cpu,
            free_memory_bytes=int(memory.available),
            free_workers=max(1, round(cpus * free_cpu)),
            io_wait=io_wait,
            cost_budget=self._cost_budget,
        )


def _sample() -> tuple[float, Any]:
    return time.monotonic(), psutil.cpu_times()


def _shares(before: Any, after: Any) -> tuple[float, float]:
    """Idle share (waiting for I/O counts as idle) and I/O share of the time between two samples of `cpu_times`."""
    spent = {name: max(0.0, getattr(after, name) - getattr(before, name)) for name in after._fields}
    guest = spent.pop("guest", 0.0) + spent.pop("guest_nice", 0.0)  # Linux counts these inside user and nice too
    total = sum(spent.values())
    if total <= 0:
        return 1.0, 0.0
    io_wait = spent.get("iowait", 0.0)
    return min(1.0, (spent["idle"] + io_wait) / max(total, guest)), io_wait / total


def _usable_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
