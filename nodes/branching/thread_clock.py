"""How long a thread has wanted a core: while it ran, and while it was ready to run and none was free."""

from __future__ import annotations

import os
import threading
import time

_RAN_AND_QUEUED = "/proc/self/task/{thread}/schedstat"
"""On Linux: nanoseconds that a thread ran, nanoseconds that it was kept waiting for a core, times that it ran."""


class ThreadClock:
    """The time in which a thread wanted a core, from now on. To be made and closed on that thread; others may read it.

    Time alone that it ran would make one that computes on a busy machine look like one that waits, and ever more of
    them would be let in. Where the system does not tell how long a thread was kept waiting, that counts nothing.
    """

    __slots__ = ("_began", "_clock", "_queue", "_queued", "_ran")

    def __init__(self) -> None:
        clock_of = getattr(time, "pthread_getcpuclockid", None)  # not everywhere
        self._clock: int | None = clock_of(threading.get_ident()) if clock_of is not None else None
        try:
            self._queue: int | None = os.open(_RAN_AND_QUEUED.format(thread=threading.get_native_id()), os.O_RDONLY)
        except OSError:
            self._queue = None
        self._queued = self._kept_waiting()
        self._ran, self._began = time.thread_time(), time.perf_counter()

    @property
    def age_s(self) -> float:
        """Seconds since it was made."""
        return time.perf_counter() - self._began

    def wanted_s(self) -> float:
        """Seconds in which the thread wanted a core. To be asked on that thread."""
        return time.thread_time() - self._ran + self._kept_waiting() - self._queued

    def share(self) -> float | None:
        """The share of its time, 0..1, in which the thread wanted a core; None where no other thread can tell."""
        if self._clock is None:
            return None
        try:
            ran = time.clock_gettime(self._clock) - self._ran
        except OSError:  # the thread is gone: a forked child has none of its parent's
            return None
        wanted = ran + self._kept_waiting() - self._queued
        return min(1.0, wanted / self.age_s)

    def close(self) -> None:
        """Nobody asks any more."""
        if self._queue is not None:
            os.close(self._queue)
            self._queue = None

    def _kept_waiting(self) -> float:
        if self._queue is None:
            return 0.0
        try:
            return int(os.pread(self._queue, 100, 0).split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0
