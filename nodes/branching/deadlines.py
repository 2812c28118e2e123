"""Time limits of many awaited calls on one timer.

`asyncio.timeout` sets and cancels a timer for each call, which takes longer than many a call does. Here one timer waits
for the earliest limit; a call that ends before leaves nothing behind but a place in a dict that is free again.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextvars import Context, ContextVar
from typing import Any, TypeVar

T = TypeVar("T")


class AttemptTimeoutError(TimeoutError):
    """A specialist gave no answer within its own time."""


class Limit:
    """The time limit of one call."""

    __slots__ = ("cancelling", "due", "expired", "owner", "task")

    def __init__(self, owner: Deadlines, task: asyncio.Task[Any], due: float) -> None:
        self.owner, self.task, self.due, self.expired = owner, task, due, False
        self.cancelling = task.cancelling()

    def meant(self, error: BaseException, seconds: float) -> BaseException:
        """What ended the call: this limit, when it is what had the task cancelled; else the error itself."""
        if not self.expired or not isinstance(error, asyncio.CancelledError):
            return error
        self.expired = False
        # As in asyncio.timeout: somebody else's cancellation, at the same time, goes on.
        if self.task.uncancel() <= self.cancelling:
            return AttemptTimeoutError(f"no answer within {seconds:g} s")
        return error


_current: ContextVar[Limit | None] = ContextVar("quorum_limit", default=None)
"""The limit of the call that is going on here."""


def hold_time() -> Callable[[], None] | None:
    """Stop the time of the call that is going on here, until what is returned is called; None when it has no limit."""
    limit = _current.get()
    if limit is None or limit.due == math.inf:
        return None
    return limit.owner.held(limit)


class Deadlines:
    """Ends calls whose time is up. Lives on one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits: dict[Limit, None] = {}  # in order, so that those due at once end in order
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False

    async def within(self, seconds: float, call: Awaitable[T]) -> T:
        """The call's result. The call runs in the caller's task, which is cancelled when the time is up.

        Args:
            seconds: From now; infinite for no limit.
            call: What is awaited.

        Raises:
            AttemptTimeoutError: the time was up.
        """
        task = asyncio.current_task()
        if seconds == math.inf or task is None:
            return await call
        limit = self.begin(task, self._loop.time() + seconds)
        _current.set(limit)
        try:
            return await call
        except asyncio.CancelledError as error:
            meant = limit.meant(error, seconds)
            if meant is error:
                raise
            raise meant from error
        finally:
            self.end(limit)

    def begin(self, task: asyncio.Task[Any], due: float) -> Limit:
        """Limit a call that this task makes now; `end` must follow."""
        limit = Limit(self, task, due)
        self._add(limit)
        return limit

    def end(self, limit: Limit) -> None:
        """That call has ended."""
        if limit.expired:  # the call did not let itself be cancelled
            limit.task.uncancel()
        self._limits.pop(limit, None)
        if self._closing:
            self.close()

    def _add(self, limit: Limit) -> None:
        self._limits[limit] = None
        if self._timer is None or limit.due < self._timer.when():
            self._set(limit.due)

    def _set(self, due: float) -> None:
        self._stop()
        self._timer = self._loop.call_at(due, self._look, context=Context())

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        for limit in [limit for limit in self._limits if limit.due <= now]:
            limit.expired = True
            del self._limits[limit]
            limit.task.cancel()
        due = min((limit.due for limit in self._limits), default=math.inf)
        if due < math.inf:
            self._set(due)

    def held(self, limit: Limit) -> Callable[[], None]:
        """Stop a limit's time; what is returned lets it go on."""
        left, limit.due = limit.due - self._loop.time(), math.inf

        def go_on() -> None:
            if limit in self._limits:
                limit.due = self._loop.time() + left
                self._add(limit)

        return go_on

    def close(self) -> None:
        """Stop the timer as soon as no call goes on."""
        self._closing = True
        if not self._limits:
            self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
