"""A pool that hands out connections that live, as soon as the server can be reached again.

Psycopg's own waits longer after every dead connection it comes across (0, 1, 2, 4 s), so that where four were cut
somebody waits for seven seconds although the server is there. And once it has given up a connection that could not be
made, it tries no other for those who wait already.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

Connection: TypeAlias = AsyncConnection[DictRow]

_CHECK_S = 5.0
_RECENT_S = 1.0
# So long one connection is tried again before the pool gives it up, and so long it waits at most in between.
_RECONNECT_S = 1.0
_AGAIN_S = 0.5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
_trusting: ContextVar[bool] = ContextVar("quorum_trusting", default=False)


class LivingPool(AsyncConnectionPool[Connection]):
    """Looks at each connection before it is used, passes dead ones over, and goes on trying while somebody waits."""

    def __init__(self, dsn: str, **kwargs: Any) -> None:
        super().__init__(dsn, reconnect_timeout=_RECONNECT_S, reconnect_failed=self._go_on_trying, **kwargs)
        self._used_at: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()
        self._trying: asyncio.Task[None] | None = None
        self.lost = 0

    @property
    def is_waited_for(self) -> bool:
        """Whether anybody waits for a connection."""
        return self.get_stats()["requests_waiting"] > 0

    @asynccontextmanager
    async def trusted_connection(self) -> AsyncIterator[Connection]:
        """A connection for statements that are done again where it turns out to be dead.

        One that was in use within the last second is not asked first whether it lives: that would be a round trip more.
        """
        async with AsyncExitStack() as stack:
            before = _trusting.set(True)
            try:
                connection = await stack.enter_async_context(self.connection())
            finally:
                _trusting.reset(before)
            yield connection

    async def getconn(self, timeout: float | None = None) -> Connection:  # noqa: ASYNC109  as the pool has it
        """Take a connection that lives.

        Dead ones are passed over at once, for each was made while the server was there; only where more are dead than
        the pool can have held is there a pause between them.

        Raises:
            PoolTimeout: None came free in time.
        """
        until = time.monotonic() + (self.timeout if timeout is None else timeout)
        dead = 0
        while True:
            connection = await super().getconn(until - time.monotonic())
            try:
                await self._look_at(connection)
            except (psycopg.Error, TimeoutError):
                self.lost += 1
                await super().putconn(connection)  # which makes another in its place
            except BaseException:
                await super().putconn(connection)
                raise
            else:
                return connection
            dead += 1
            pause_s = pause_after(dead, self.max_size)
            if time.monotonic() + pause_s >= until:
                raise PoolTimeout(f"{dead} connections were dead")
            await asyncio.sleep(pause_s)

    async def putconn(self, conn: Connection) -> None:
        """Take a connection back."""
        self._used_at[conn] = time.monotonic()
        await super().putconn(conn)

    async def close(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109  as the pool has it
        """Close, and try no more."""
        await super().close(timeout)
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.wait({self._trying})

    async def _look_at(self, connection: Connection) -> None:
        if _trusting.get() and time.monotonic() - self._used_at.get(connection, -math.inf) < _RECENT_S:
            return
        async with asyncio.timeout(_CHECK_S):
            await AsyncConnectionPool.check_connection(connection)

    async def _go_on_trying(self, _: AsyncConnectionPool[Any]) -> None:
        """Called where a connection was given up: whoever waits would do so until its time is up."""
        if self._trying is None or self._trying.done():
            self._trying = asyncio.create_task(self._try_while_waited_for(), name="quorum:reconnecting")

    async def _try_while_waited_for(self) -> None:
        while self.is_waited_for and not self.closed:
            await asyncio.sleep(random.uniform(_AGAIN_S / 2, _AGAIN_S))  # noqa: S311  so that not all knock at once
            await self.check()  # makes one more connection, unless one is being made


def pause_after(dead: int, max_size: int) -> float:
    """Seconds to wait before the next connection is taken.

    Args:
        dead: How many were found dead one after the other, from 1.
        max_size: Of the pool.
    """
    beyond = dead - max_size
    return 0.0 if beyond <= 0 else min(_FIRST_PAUSE_S * 2.0 ** min(beyond - 1, 20), _LONGEST_PAUSE_S)
