"""Sync functions in daemon threads: the event loop never waits for them, and an abandoned one never holds the exit."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[[], T], *, name: str) -> T:
    """Run a sync function in a daemon thread of its own and await its result.

    A cancelled caller abandons the thread: nothing can stop it, but nobody waits for it and its result is dropped.
    Context variables are those of the caller.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def deliver(result: T | None, error: BaseException | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(result)  # type: ignore[arg-type]
        elif isinstance(error, StopIteration):
            outcome.set_exception(RuntimeError("the function raised StopIteration"))
        else:
            outcome.set_exception(error)

    def work() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = context.run(function)
        except BaseException as raised:  # noqa: BLE001  the caller raises it again
            error = raised
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(deliver, result, error)
            except RuntimeError:  # the loop closed meanwhile: the caller is gone
                return

    threading.Thread(target=work, name=f"quorum-{name}", daemon=True).start()
    return await outcome
