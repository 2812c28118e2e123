"""Encoding off the event loop: one thread, and one hop for all that waits, not one for each value.

The thread is the saver's own: the loop's may all be busy with nodes that are not async.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from langgraph_quorum.orchestration.persistence.saving.rows import Rows


@dataclass(slots=True, eq=False)
class Encoding:
    """Rows that are being made.

    Attributes:
        make: Makes them.
        rows: Once they are made.
        error: Why they could not be.
    """

    make: Callable[[], Rows]
    rows: Rows | None = None
    error: Exception | None = None

    @property
    def ended(self) -> bool:
        """Whether there are rows or an error."""
        return self.rows is not None or self.error is not None

    def run(self) -> None:
        """Make them now."""
        try:
            self.rows = self.make()
        except Exception as error:  # noqa: BLE001 - handed to whoever called
            self.error = error
        self.make = Rows  # what they were made of may go


class Encoder:
    """Makes rows in a thread, in the order they were asked for.

    Args:
        made: Called in that thread after each.
    """

    def __init__(self, made: Callable[[], None]) -> None:
        self._made = made
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="quorum-encoding")
        self._waiting: deque[Encoding] = deque()
        self._job: asyncio.Future[None] | None = None

    def submit(self, encoding: Encoding) -> None:
        """Have it made."""
        self._waiting.append(encoding)
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
        self._job = asyncio.get_running_loop().run_in_executor(self._thread, self._work)
        self._job.add_done_callback(self._go_on)
        return self._job

    def _work(self) -> None:
        while self._waiting:
            self._waiting.popleft().run()
            self._made()

    def _go_on(self, _: asyncio.Future[None]) -> None:
        self._job = None
        if self._waiting:
            self._start()
