"""A sync function that a test holds in its thread, and lets go when it likes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from langgraph_quorum.nodes.branching.metering import CpuMeter
from langgraph_quorum.nodes.branching.thread_pool import ThreadPool

PATIENCE_S = 20
"""How long a test waits for what must happen."""


class Held:
    """Says that it runs, then waits to be let go; returns its thread."""

    def __init__(self) -> None:
        self.runs = asyncio.Event()
        self.let_go = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._thread: threading.Thread | None = None

    def __call__(self) -> threading.Thread:
        self._thread = threading.current_thread()
        self._loop.call_soon_threadsafe(self.runs.set)
        if not self.let_go.wait(PATIENCE_S):
            raise TimeoutError
        return self._thread

    @property
    def thread(self) -> threading.Thread:
        """The thread that runs it, or ran it."""
        assert self._thread is not None, "it never started"
        return self._thread

    @property
    def started(self) -> bool:
        return self._thread is not None

    async def running(self) -> None:
        """Wait until it runs."""
        async with asyncio.timeout(PATIENCE_S):
            await self.runs.wait()


def ended(thread: threading.Thread) -> bool:
    """Whether a thread ends, which is waited for."""
    thread.join(PATIENCE_S)
    return not thread.is_alive()


async def begin(
    pool: ThreadPool, function: Callable[[], Any], name: str = "work", meter: CpuMeter | None = None
) -> asyncio.Task[Any]:
    """A task whose call the pool has taken in."""
    task = asyncio.create_task(pool.run(function, name=name, meter=meter))
    await asyncio.sleep(0)
    return task


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel a task, which must take it."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
