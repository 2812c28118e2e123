"""A Postgres of one's own that is stopped, restarted, killed, and kept down while runs go on."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

import psycopg

from langgraph_quorum.orchestration.persistence.binaries import find_programs
from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from langgraph_quorum.orchestration.persistence.postmaster import living_servers

Stop = Literal["fast", "immediate"]
STOPS_WITHIN_S = 30.0


class Server:
    """The server of one folder, up until told otherwise. Made by `serving`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stack = folder, AsyncExitStack()
        self.dsn = ""

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self.dsn = await self._stack.enter_async_context(embedded_postgres(self._folder))

    async def stop(self, how: Stop) -> None:
        """Stop it: `fast` breaks transactions off and writes everything down, `immediate` writes nothing."""
        data = self._folder / "data"
        arguments = ["-D", ".", "-m", how, "-w", "-t", str(round(STOPS_WITHIN_S)), "stop"]
        await asyncio.to_thread(find_programs(data).run, "pg_ctl", arguments, timeout_s=STOPS_WITHIN_S + 5, folder=data)
        await self.leave()

    async def kill(self) -> None:
        """End every process of it with -9, the postmaster first."""
        for process in living_servers(self._folder / "data"):
            process.send_signal(signal.SIGKILL)
        await self.leave()

    async def leave(self) -> None:
        """Let it go."""
        await self._stack.aclose()


@asynccontextmanager
async def serving(folder: Path, *, fsync: bool = False) -> AsyncIterator[Server]:
    """The server of a folder, created there unless it is.

    Args:
        folder: As for `embedded_postgres`.
        fsync: Whether it waits for the disk.
    """
    server = Server(folder)
    await server.start()
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as admin:
        await admin.execute(f"ALTER SYSTEM SET fsync = {'on' if fsync else 'off'}".encode())
        await admin.execute("SELECT pg_reload_conf()")
    try:
        yield server
    finally:
        await server.leave()


def down(server: Server, seconds: float, how: Stop = "fast") -> Callable[[], Awaitable[None]]:
    """The server is stopped, away for a while, and started again."""

    async def befalls() -> None:
        await server.stop(how)
        await asyncio.sleep(seconds)
        await server.start()

    return befalls


def killed(server: Server) -> Callable[[], Awaitable[None]]:
    """All processes of the server are killed with -9, and it is started again."""

    async def befalls() -> None:
        await server.kill()
        await server.start()

    return befalls
