"""A pool of daemon threads for sync functions, used from any event loop, that lets go of what nobody awaits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from langgraph_quorum.nodes.branching.cores import first_that_fits, usable_cores
from langgraph_quorum.nodes.branching.deadlines import hold_time
from langgraph_quorum.nodes.branching.metering import CpuMeter
from langgraph_quorum.nodes.branching.thread_call import Inbox, ThreadCall, start_thread
from langgraph_quorum.nodes.branching.thread_figures import ThreadStatistics
from langgraph_quorum.state.thread_policy import ThreadPolicy

T = TypeVar("T")

_log = logging.getLogger(__name__)


class ThreadPool:
    """Runs sync functions in at most `policy.size` daemon threads; further calls wait in order of arrival.

    It belongs to the process: tasks of several event loops may use it at once. Nothing needs closing: threads never
    hold the interpreter's exit, and end when the pool is dropped. In a forked child it begins anew.

    A function that itself waits for a call to the same pool holds its thread meanwhile. Nested as deep as the pool has
    threads, such calls wait for each other until their callers give up: give them a pool of their own.
    """

    def __init__(self, policy: ThreadPolicy | None = None, *, cores: int | None = None) -> None:
        """`cores` is what `resource_aware` may keep busy; left out, the cores that this process may use."""
        self.policy = policy or ThreadPolicy()
        self._cores = cores or usable_cores()
        self._meter = CpuMeter()
        self._idle: list[Inbox] = []
        self._begin()
        _pools.add(self)
        weakref.finalize(self, _dismiss, self._idle).atexit = False

    async def run(self, function: Callable[[], T], *, name: str, meter: CpuMeter | None = None) -> T:
        """Run a sync function in a thread, called `quorum-{name}` meanwhile, and await its result.

        Context variables are those of the caller. When the caller is cancelled, a call that still waits for a thread
        never starts. One that runs cannot be stopped: it is abandoned, its result is dropped, and another thread may
        take its place. The wait for a thread does not count against the time of an attempt.

        Args:
            function: What to run.
            name: Whom it is for, a branch id for instance.
            meter: Measures the function and says what it can be expected to take; left out, it is taken to be like
                the other calls of this pool without one.

        Raises:
            RuntimeError: the function raised StopIteration, or the machine gives no more threads.
            BaseException: whatever else the function raised.
        """
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        call = ThreadCall(function, name, meter or self._meter, outcome, self._ended)
        with self._lock:
            self._queue.append(call)
            unhoused = self._assign()
            if not call.started:
                call.on_begin = hold_time()
        self._house(unhoused)
        try:
            return await outcome
        except asyncio.CancelledError:
            self._leave(call)
            raise

    def statistics(self) -> ThreadStatistics:
        """The figures of this moment."""
        with self._lock:
            return ThreadStatistics(
                kind=self.policy.kind,
                size=self.policy.size,
                threads=len(self._running) + len(self._idle),
                busy=len(self._running),
                idle=len(self._idle),
                queued=len(self._queue),
                abandoned=len(self._abandoned),
                abandoned_total=self._abandoned_total,
                done=self._done,
                failed=self._failed,
                busy_s=self._busy_s,
                waited_s=self._waited_s,
                peak=self._peak,
            )

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[ThreadCall] = deque()
        self._running: set[ThreadCall] = set()
        self._abandoned: set[ThreadCall] = set()
        self._idle.clear()
        self._abandoned_total = self._done = self._failed = self._peak = 0
        self._busy_s = self._waited_s = 0.0

    def _assign(self) -> list[ThreadCall]:
        """Under the lock: start what may start. Returns the calls, counted as running, that need a new thread."""
        unhoused = []
        while len(self._running) < self.policy.size and (call := self._next()) is not None:
            if not call.is_awaited:
                continue
            self._waited_s += call.begin()
            self._running.add(call)
            self._peak = max(self._peak, len(self._running))
            if self._idle:
                self._idle.pop().put(call)  # the last that fell idle, so that the others come to their end
            else:
                unhoused.append(call)
        return unhoused

    def _next(self) -> ThreadCall | None:
        """Take the next call that may start out of the queue."""
        place: int | None = 0
        if self.policy.kind == "resource_aware":
            running = (call.meter.running_share for call in self._running)
            place = first_that_fits((call.meter.share for call in self._queue), running, self._cores)
        if place is None or not self._queue:
            return None
        call = self._queue[place]
        del self._queue[place]
        return call

    def _house(self, calls: list[ThreadCall]) -> None:
        """Start threads; not under the lock, since it takes a while."""
        idle_s = None if self.policy.kind == "fixed" else self.policy.idle_s
        while calls:
            call = calls.pop(0)
            try:
                start_thread(call, weakref.WeakMethod(self._may_end), idle_s)
            except RuntimeError as error:
                call.error = error
                with self._lock:
                    self._running.discard(call)
                    self._abandoned.discard(call)
                    self._failed += 1
                    calls += self._assign()
                call.deliver()

    def _ended(self, call: ThreadCall, inbox: Inbox) -> bool:
        """A thread has run its call: whether it stays in the pool."""
        seconds = time.perf_counter() - call.started
        unhoused: list[ThreadCall] = []
        with self._lock:
            stays = call in self._running
            if stays:
                self._running.remove(call)
                self._busy_s += seconds
                self._done += call.error is None
                self._failed += call.error is not None
                self._idle.append(inbox)
                unhoused = self._assign()
            else:
                self._abandoned.discard(call)
        call.deliver()
        if not stays:
            _log.info("abandoned thread %s has ended after %.1f s", call.thread_name, seconds)
        self._house(unhoused)
        return stays

    def _leave(self, call: ThreadCall) -> None:
        """Nobody awaits the call any more."""
        with self._lock:
            abandoned = call in self._running
            if abandoned:
                self._running.remove(call)
                self._abandoned.add(call)
                self._abandoned_total += 1
            else:
                with contextlib.suppress(ValueError):
                    self._queue.remove(call)
            unhoused = self._assign()
        if abandoned:
            _log.warning("abandoned thread %s: it runs on, nothing can stop it", call.thread_name)
        self._house(unhoused)

    def _may_end(self, inbox: Inbox) -> bool:
        """Whether an idle thread ends; not when a call has come in meanwhile."""
        with self._lock:
            if inbox not in self._idle:
                return False
            self._idle.remove(inbox)
            return True


_pools: weakref.WeakSet[ThreadPool] = weakref.WeakSet()


def _begin_anew() -> None:
    """In a forked child, where no thread of the parent runs."""
    for pool in list(_pools):
        pool._begin()  # noqa: SLF001


def _dismiss(idle: list[Inbox]) -> None:
    for inbox in idle:
        inbox.put(None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def thread_statistics() -> list[ThreadStatistics]:
    """What all pools of this process are doing: the shared one, and those of workflows with a `ThreadPolicy`."""
    return [pool.statistics() for pool in list(_pools)]
