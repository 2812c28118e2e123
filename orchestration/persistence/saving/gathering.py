"""What many ask in one turn of the event loop is answered together: runs that begin at once read as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST = 64
"""Keys in one question, at most."""


class Gathering(Generic[K, V]):
    """Asks one question for many keys.

    Nobody waits for an answer to others: what is asked a turn later is a question of its own, beside the first. All ask
    from one event loop, which `PatientReader` sees to.

    Args:
        answer: Gives what it finds, by key.
    """

    def __init__(self, answer: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._answer = answer
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, key: K) -> V | None:
        """What there is for a key, or None.

        Raises:
            Exception: What `answer` raises for any of the keys that were asked together.
        """
        if key in self._asked or len(self._asked) == MOST:
            self._asked = {}  # each has an answer of its own
        loop = asyncio.get_running_loop()
        if not self._asked:
            # Its own context: the task works for others than the one that happens to start it.
            task = loop.create_task(self._work(self._asked), name="quorum:reading", context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        answer: asyncio.Future[V | None] = loop.create_future()
        self._asked[key] = answer
        return await answer

    async def _work(self, asked: dict[K, asyncio.Future[V | None]]) -> None:
        await asyncio.sleep(0)  # what else is asked in this turn of the loop comes along
        if self._asked is asked:
            self._asked = {}
        try:
            found = await self._answer([*asked])
        except asyncio.CancelledError:
            for future in asked.values():
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001  handed to whoever asked
            for future in asked.values():
                if not future.done():
                    future.set_exception(error)
        else:
            for key, future in asked.items():
                if not future.done():
                    future.set_result(found.get(key))
