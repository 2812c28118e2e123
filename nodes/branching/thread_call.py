"""One call on its way through a thread pool, and the daemon thread that serves one call after another."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
import time
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from langgraph_quorum.nodes.branching.metering import CpuMeter

Inbox = SimpleQueue["ThreadCall | None"]
"""Where an idle thread waits for its next call; None ends it."""
Ended = Callable[["ThreadCall", Inbox], bool]
"""Told by a thread that the call it ran has ended: whether the thread stays."""


class ThreadCall:
    """A sync function with its caller's context variables, and the future that the caller awaits.

    Attributes:
        thread_name: Of the thread while it runs the call.
        meter: Measures the call.
        error: What the function raised, until it is delivered.
        started: On the performance counter, in seconds; 0 before `begin` was called.
        on_begin: Called on the caller's loop when a thread was found, if that took a wait.
    """

    def __init__(
        self, function: Callable[[], Any], name: str, meter: CpuMeter, outcome: asyncio.Future[Any], ended: Ended
    ) -> None:
        self.thread_name, self.meter, self.ended = f"quorum-{name}", meter, ended
        self.error: BaseException | None = None
        self.started = 0.0
        self._function, self._outcome = function, outcome
        self._context = contextvars.copy_context()
        self._result: Any = None
        self._queued = time.perf_counter()
        self.on_begin: Callable[[], None] | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether somebody still waits for the result."""
        return not self._outcome.done() and not self._outcome.get_loop().is_closed()

    def begin(self) -> float:
        """Note that a thread was found; returns the seconds waited for it."""
        self.started = time.perf_counter()
        if self.on_begin is not None:
            with contextlib.suppress(RuntimeError):  # the caller's loop has closed
                self._outcome.get_loop().call_soon_threadsafe(self.on_begin)
        return self.started - self._queued

    def run(self) -> None:
        """Call the function on this thread and keep what came of it."""
        try:
            self._result = self._context.run(self.meter.metered, self._function)
        except StopIteration as raised:  # a future does not take it
            self.error = RuntimeError("the function raised StopIteration")
            self.error.__cause__ = raised
        except BaseException as raised:  # noqa: BLE001  the caller raises it again
            self.error = raised

    def deliver(self) -> None:
        """Hand over to the caller's loop what came of it; nothing happens when the loop has closed."""
        with contextlib.suppress(RuntimeError):
            loop = self._outcome.get_loop()
            loop.call_soon_threadsafe(_settle, self._outcome, self._result, self.error)
        self._result = self.error = None  # the error's traceback refers to this call: a cycle


def _settle(outcome: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if outcome.done():
        return
    if error is None:
        outcome.set_result(result)
    else:
        outcome.set_exception(error)


def start_thread(call: ThreadCall, may_end: weakref.WeakMethod[Callable[[Inbox], bool]], idle_s: float | None) -> None:
    """Start a daemon thread that runs the call, then whatever comes into its inbox.

    Args:
        call: The first call.
        may_end: Asked after `idle_s` without a call, with the inbox. Weak, so that idle threads keep no pool alive.
        idle_s: Seconds; None to wait until the pool is dropped.

    Raises:
        RuntimeError: the machine gives no more threads.
    """
    inbox: Inbox = SimpleQueue()
    inbox.put(call)
    threading.Thread(target=_serve, args=(inbox, may_end, idle_s), name=call.thread_name, daemon=True).start()


def _serve(inbox: Inbox, may_end: weakref.WeakMethod[Callable[[Inbox], bool]], idle_s: float | None) -> None:
    thread = threading.current_thread()
    stays = True
    while stays:
        try:
            call = inbox.get(timeout=idle_s)
        except Empty:
            stays = not _may_end(inbox, may_end)
            continue
        if call is None:
            return
        thread.name = call.thread_name
        call.run()
        thread.name = "quorum-idle"
        stays = call.ended(call, inbox)
        del call  # or an idle thread would keep its last result, and its pool


def _may_end(inbox: Inbox, may_end: weakref.WeakMethod[Callable[[Inbox], bool]]) -> bool:
    asked = may_end()
    return asked is None or asked(inbox)
