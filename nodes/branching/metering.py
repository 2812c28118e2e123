"""How much CPU a sync function really takes: measured on its thread, since nothing in a plain function says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

KEPT = 0.5
"""How much of the old estimate stays with each new measurement."""


LIVE_S = 0.05
"""How long a call must have run to be measured while it runs."""


class _Running:
    """A call on its thread, whose CPU time other threads can read."""

    __slots__ = ("_clock", "_cpu", "_wall")

    def __init__(self) -> None:
        clock_of = getattr(time, "pthread_getcpuclockid", None)  # not everywhere
        self._clock: int | None = clock_of(threading.get_ident()) if clock_of is not None else None
        self._cpu, self._wall = time.thread_time(), time.perf_counter()

    def share(self) -> float | None:
        """How far it keeps a core busy, once it has run for a while."""
        wall = time.perf_counter() - self._wall
        if self._clock is None or wall < LIVE_S:
            return None
        return min(1.0, (time.clock_gettime(self._clock) - self._cpu) / wall)

    def so_far(self) -> tuple[float, float]:
        """CPU seconds and seconds since it began. To be asked on its own thread."""
        return time.thread_time() - self._cpu, time.perf_counter() - self._wall


class CpuMeter:
    """The share of its running time that a function keeps a core busy, 0..1.

    Calls that have ended tell what to expect of the next one; those that run are measured where the system lets one
    read the time of another thread, so that one that hangs does not count as busy. Threads may report at the same time;
    the last one wins, which an estimate can bear.
    """

    def __init__(self, others: CpuMeter | None = None) -> None:
        self._others = others
        self._share: float | None = None
        self._running: set[_Running] = set()
        self._lock = threading.Lock()

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
            shares = [share for call in self._running if (share := call.share()) is not None]
        return sum(shares) / len(shares) if shares else None

    def observe(self, cpu_s: float, wall_s: float) -> None:
        """Take in one call: CPU seconds of its thread, and seconds from start to end."""
        share = min(1.0, cpu_s / wall_s) if wall_s > 0 else 1.0
        self._share = share if self._share is None else KEPT * self._share + (1 - KEPT) * share
        if self._others is not None:
            self._others.observe(cpu_s, wall_s)

    def metered(self, function: Callable[[], T]) -> T:
        """Call a function on this thread and take its measure, whether it returns or raises."""
        call = _Running()
        with self._lock:
            self._running.add(call)
        try:
            return function()
        finally:
            with self._lock:
                self._running.discard(call)
            self.observe(*call.so_far())


class TimeMeter:
    """How long a specialist's answers take: the moving mean of its successes."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    def observe(self, seconds: float) -> None:
        """Take in one answer."""
        self.seconds = seconds if self.seconds is None else KEPT * self.seconds + (1 - KEPT) * seconds
