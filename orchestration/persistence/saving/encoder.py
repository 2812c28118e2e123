"""Encoding off the event loop: one thread, and one hop for all that waits, not one for each value.

The thread is the saver's own: the loop's may all be busy with nodes that are not async.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from langgraph_quorum.orchestration.persistence.saving.calls import Call


class Encoder:
    """Makes the rows of calls in a thread, in the order they were asked for.

    Args:
        encode: Makes the rows of one, in the thread.
        made: Called on the event loop when some are made.
    """

    def __init__(self, encode: Callable[[Call], None], made: Callable[[], None]) -> None:
        self._encode, self._made = encode, made
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="quorum-encoding")
        self._waiting: deque[Call] = deque()
        self._job: asyncio.Future[None] | None = None
        self._is_told = False

    def submit(self, call: Call) -> None:
        """Have its rows made."""
        self._waiting.append(call)
        if self._job is None:
            self._start()

    @property
    def is_busy(self) -> bool:
        """Whether something is being made, or about to be."""
        return self._job is not None

    async def progress(self) -> None:
        """Wait until some of what was submitted has ended."""
        await asyncio.wait({self._job or self._start()})

    def close(self) -> None:
        """End the thread, once it is done with what it works on."""
        self._thread.shutdown(wait=False)

    def _start(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        self._job = loop.run_in_executor(self._thread, self._work, loop)
        self._job.add_done_callback(self._go_on)
        return self._job

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            self._encode(self._waiting.popleft())
            if self._waiting and not self._is_told:  # the last is told by the job's end
                self._is_told = True
                with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                    loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._is_told = False
        self._made()

    def _go_on(self, _: asyncio.Future[None]) -> None:
        self._job = None
        if self._waiting:
            self._start()
        self._made()
