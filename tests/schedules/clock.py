"""An event loop whose time stands still while anything can run, and jumps to the next timer when nothing can.

Written against asyncio's public interface for event loops. It runs one callback a step, so that a run can be stopped
between any two of them: a task comes to no `await` that is not such a place.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")
Context = contextvars.Context | None

LIVE_S = 20_000.0
"""Virtual seconds after which a run counts as one that never ends."""
LIVE_STEPS = 200_000
"""Steps after which a run counts as one that never ends."""

TICK_S = 1e-9
"""What a clock goes on by itself while somebody sets one timer after the other for a moment that rounds to now."""
STANDS = 10
"""Timers at one moment, one set by the other, before it does."""


class StoppedError(Exception):
    """The process has died: the loop was stopped between two steps."""


class EndlessError(Exception):
    """Nothing is left that could end the run, or it goes on for ever."""


class Timer:
    """A callback that can be called off."""

    __slots__ = ("_when", "args", "callback", "context", "off")

    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...], context: Any, when: float) -> None:
        self.callback, self.args, self.context, self.off = callback, args, context, False
        self._when = when

    def cancel(self) -> None:
        self.off = True

    def cancelled(self) -> bool:
        return self.off

    def when(self) -> float:
        return self._when


class VirtualLoop(asyncio.AbstractEventLoop):
    """Runs coroutines in virtual time. Timers that are due at the same moment fire in an order drawn from `rng`."""

    def __init__(self, rng: Random, now: float = 0.0) -> None:
        self._now = now
        self._born = now
        self._rng = rng
        self._ready: deque[Timer] = deque()
        self._timers: list[tuple[float, float, int, Timer]] = []
        self._made = 0
        self._closed = False
        self._stands = 0
        self.steps = 0
        self.stop_at = -1
        self.at_step: dict[int, Callable[[], None]] = {}
        self.quiet: Callable[[], None] = lambda: None
        self.complaints: list[str] = []
        self.tasks: list[asyncio.Task[Any]] = []

    # -- running ------------------------------------------------------------------------------------------------------

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine.

        Raises:
            StoppedError: at step `stop_at`.
            EndlessError: it does not come to an end.
        """
        asyncio._set_running_loop(self)
        try:
            task = self.create_task(main)
            while not task.done():
                self._step()
            result: T = task.result()
            return result
        finally:
            asyncio._set_running_loop(None)

    def kill(self) -> None:
        """Let all that is left end, unheard, so that nothing of it outlives the loop."""
        asyncio._set_running_loop(self)
        self.stop_at, self.quiet = -1, lambda: None
        self.at_step.clear()
        try:
            self._end_tasks()
        finally:
            asyncio._set_running_loop(None)
            self._ready.clear()
            self._timers.clear()
            self._closed = True

    def _end_tasks(self) -> None:
        for _ in range(50):
            left = [task for task in self.tasks if not task.done()]
            if not left:
                break
            for task in left:
                task.cancel()
            while self._ready:
                self._step()
        for task in self.tasks:
            if task.done() and not task.cancelled():
                task.exception()

    def _step(self) -> None:
        if not self._ready:
            self._jump()
        if self.steps == self.stop_at:
            raise StoppedError
        disturb = self.at_step.pop(self.steps, None)
        self.steps += 1
        if disturb is not None:
            disturb()
        timer = self._ready.popleft()
        if not timer.off:
            self._call(timer)

    def _call(self, timer: Timer) -> None:
        try:
            if timer.context is None:
                timer.callback(*timer.args)
            else:
                timer.context.run(timer.callback, *timer.args)
        except Exception as error:  # noqa: BLE001  as asyncio does; the campaign reports it
            self.complaints.append(f"a callback raised {error!r}")

    def _jump(self) -> None:
        timers = self._timers
        while timers and timers[0][3].off:
            heapq.heappop(timers)
        if not timers or timers[0][0] > self._now:
            self.quiet()
        if not timers:
            raise EndlessError("nothing is left that could wake anybody")
        self._stands = self._stands + 1 if timers[0][0] <= self._now else 0
        if self._stands > STANDS:
            self._now += TICK_S
        self._now = max(self._now, timers[0][0])
        if self._now > self._born + LIVE_S or self.steps > LIVE_STEPS:
            raise EndlessError(f"after {self._now - self._born:.0f} s and {self.steps} steps it still goes on")
        while timers and timers[0][0] <= self._now:
            timer = heapq.heappop(timers)[3]
            if not timer.off:
                self._ready.append(timer)

    def advance(self, seconds: float) -> None:
        """Let time pass while something computes and nothing else can run."""
        self._now += seconds

    # -- what asyncio asks of a loop ----------------------------------------------------------------------------------

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Any, *args: Any, context: Context = None) -> Any:  # type: ignore[override]
        timer = Timer(callback, args, context if context is not None else contextvars.copy_context(), self._now)
        self._ready.append(timer)
        return timer

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Context = None) -> Any:  # type: ignore[override]
        return self.call_soon(callback, *args, context=context)

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: Context = None
    ) -> Any:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Context = None
    ) -> Any:
        timer = Timer(callback, args, context if context is not None else contextvars.copy_context(), when)
        self._made += 1
        heapq.heappush(self._timers, (when, self._rng.random(), self._made, timer))
        return timer

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Any = None, **_: Any) -> Any:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self.tasks.append(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self._closed:
            self.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return self._closed
