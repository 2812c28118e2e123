"""How much of a core a sync function really wants: measured on its thread, since nothing in a plain function says."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from langgraph_quorum.nodes.branching.thread_clock import ThreadClock

T = TypeVar("T")

KEPT = 0.5
"""How much of the old estimate stays with each new measurement."""
LIVE_S = 0.05
"""How long a call must have run to be measured while it runs."""
FRESH_S = 0.02
"""How long a measure of those that run is good for: each takes a look at every one of their threads."""


class CpuMeter:
    """The share of its running time that a function keeps a core busy, 0..1.

    Calls that have ended tell what to expect of the next one; those that run are measured where the system lets one
    read the time of another thread, so that one that hangs does not count as busy. Threads may report at the same time;
    the last one wins, which an estimate can bear.
    """

    def __init__(self, others: CpuMeter | None = None) -> None:
        self._others = others
        self._share: float | None = None
        self._running: set[ThreadClock] = set()
        self._lock = threading.Lock()
        self._measured: float | None = None
        self._measured_at = -math.inf

    @property
    def share(self) -> float:
        """What to expect of a call.

        As those that have ended, else as those that run, else as the workflow's other functions; where nothing was
        measured, a whole core.
        """
        if self._share is not None:
            return self._share
        live = self._live()
        if live is not None:
            return live
        return self._others.share if self._others is not None else 1.0

    @property
    def running_share(self) -> float:
        """What a call that runs takes: as measured on those that run, else what is to be expected."""
        live = self._live()
        return self.share if live is None else live

    def _live(self) -> float | None:
        with self._lock:  # a call is not let go while its thread's clock is read
            now = time.perf_counter()
            if now - self._measured_at > FRESH_S:
                settled = [clock for clock in self._running if clock.age_s >= LIVE_S]
                shares = [share for clock in settled if (share := clock.share()) is not None]
                self._measured, self._measured_at = sum(shares) / len(shares) if shares else None, now
            return self._measured

    def observe(self, cpu_s: float, wall_s: float) -> None:
        """Take in one call: seconds in which its thread wanted a core, and seconds from start to end."""
        share = min(1.0, cpu_s / wall_s) if wall_s > 0 else 1.0
        self._share = share if self._share is None else KEPT * self._share + (1 - KEPT) * share
        if self._others is not None:
            self._others.observe(cpu_s, wall_s)

    def metered(self, function: Callable[[], T]) -> T:
        """Call a function on this thread and take its measure, whether it returns or raises."""
        clock = ThreadClock()
        with self._lock:
            self._running.add(clock)
        try:
            return function()
        finally:
            with self._lock:
                self._running.discard(clock)
            self.observe(clock.wanted_s(), clock.age_s)
            clock.close()


class TimeMeter:
    """How long a specialist's answers take: the moving mean of its successes."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    def observe(self, seconds: float) -> None:
        """Take in one answer."""
        self.seconds = seconds if self.seconds is None else KEPT * self.seconds + (1 - KEPT) * seconds
