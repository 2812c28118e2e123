"""How much CPU a sync function really takes: measured on its thread, since nothing in a plain function says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

KEPT = 0.5
"""How much of the old estimate stays with each new measurement."""


class CpuMeter:
    """The share of its running time that a function keeps a core busy, 0..1, from the calls that have ended.

    Threads may report at the same time; the last one wins, which an estimate can bear.
    """

    def __init__(self, others: CpuMeter | None = None) -> None:
        self._others = others
        self._share: float | None = None

    @property
    def share(self) -> float:
        """As measured; where nothing was, as the other functions of the workflow, else a whole core."""
        if self._share is not None:
            return self._share
        return self._others.share if self._others is not None else 1.0

    def observe(self, cpu_s: float, wall_s: float) -> None:
        """Take in one call: CPU seconds of its thread, and seconds from start to end."""
        share = min(1.0, cpu_s / wall_s) if wall_s > 0 else 1.0
        self._share = share if self._share is None else KEPT * self._share + (1 - KEPT) * share
        if self._others is not None:
            self._others.observe(cpu_s, wall_s)

    def metered(self, function: Callable[[], T]) -> T:
        """Call a function on this thread and take its measure, whether it returns or raises."""
        cpu, wall = time.thread_time(), time.perf_counter()
        try:
            return function()
        finally:
            self.observe(time.thread_time() - cpu, time.perf_counter() - wall)


class TimeMeter:
    """How long a specialist's answers take: the moving mean of its successes."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    def observe(self, seconds: float) -> None:
        """Take in one answer."""
        self.seconds = seconds if self.seconds is None else KEPT * self.seconds + (1 - KEPT) * seconds
