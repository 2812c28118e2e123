"""A TCP proxy in front of Postgres that can delay, freeze, refuse, cut and half-close, and cut at a chosen message."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from psycopg.conninfo import conninfo_to_dict, make_conninfo

Cut = Literal["half", "answer"]
CHUNK_BYTES = 1 << 16
_RESET = struct.pack("ii", 1, 0)  # closing sends RST, and throws away what is still to be sent


@dataclass
class Trap:
    """Cuts the connection on which a client sends `marker`: each trap once.

    Attributes:
        marker: Bytes of a statement.
        after: Bytes that must have come before on the same connection, since the last `marker` and since the trap
            was laid; b"" for none.
        cut: After half of its packet has gone on to the server; or when the server has answered, which the client
            then never sees.
        sprung: Set once that has happened.
    """

    marker: bytes
    cut: Cut
    after: bytes = b""
    sprung: asyncio.Event = field(default_factory=asyncio.Event)


class Proxy:
    """Forwards connections from a port of its own to the server of a DSN. Made by `proxied`.

    Attributes:
        dsn: The same database through the proxy.
        delay_s: Each packet waits so long, drawn evenly between the two.
        trap: What to wait for and cut at.
        links: Connections that are open now.
    """

    def __init__(self, dsn: str, seed: int = 0) -> None:
        self._dsn, self._target, self._dice = dsn, conninfo_to_dict(dsn), random.Random(seed)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._serving: set[asyncio.Task[None]] = set()
        self.links: set[_Link] = set()
        self.delay_s = (0.0, 0.0)
        self.trap: Trap | None = None

    @property
    def dsn(self) -> str:
        return make_conninfo(self._dsn, host="127.0.0.1", port=self._port)

    async def listen(self) -> None:
        """Take connections; again after `refuse`."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Refuse new connections from now on; those that are open go on."""
        if self._server is not None:
            self._server.close()
            await asyncio.sleep(0)

    def cut(self) -> None:
        """Reset every connection."""
        for link in list(self.links):
            link.reset()

    def half_close(self) -> None:
        """Tell every client that nothing more will come, and go on taking what it sends."""
        for link in list(self.links):
            link.client.write_eof()

    def freeze(self) -> None:
        """Hold every packet back, and keep the connections."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let all go on that was held back."""
        self._flowing.set()

    async def close(self) -> None:
        """Cut everything; nothing of the proxy is left afterwards."""
        await self.refuse()
        self.thaw()
        self.cut()
        await asyncio.gather(*self._serving)

    async def passed(self) -> None:
        """Wait as long as a packet is to wait."""
        least, most = self.delay_s
        if most > 0:
            await asyncio.sleep(self._dice.uniform(least, most))
        await self._flowing.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            back, forth = await self._connected()
        except OSError:  # the server is down
            writer.close()
            return
        link = _Link(self, writer, forth)
        self.links.add(link)
        try:
            await link.carry(reader, back)
        finally:
            self.links.discard(link)
            link.reset()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = str(self._target["host"]), self._target["port"]
        if host.startswith("/"):
            return await asyncio.open_unix_connection(Path(host) / f".s.PGSQL.{port}")
        return await asyncio.open_connection(host, int(str(port)))


class _Link:
    """One connection and its other half."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._proxy, self.client, self._server = proxy, client, server
        self._trapped: Trap | None = None
        self._awaited: Trap | None = None
        self._sent = b""

    async def carry(self, from_client: asyncio.StreamReader, from_server: asyncio.StreamReader) -> None:
        """Until one side has closed or the link is cut."""
        pumps = [asyncio.create_task(self._up(from_client)), asyncio.create_task(self._down(from_server))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def reset(self) -> None:
        connection = self.client.get_extra_info("socket")
        if connection is not None and connection.fileno() >= 0:
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.client.transport.abort()
        self._server.close()  # what was sent on before arrives

    async def _up(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                await self._proxy.passed()
                trap = self._sprung(data)
                if trap is not None and trap.cut == "half":
                    self._server.write(data[: len(data) // 2])
                    await self._server.drain()
                    trap.sprung.set()
                    return
                self._server.write(data)
                await self._server.drain()

    def _sprung(self, data: bytes) -> Trap | None:
        trap = self._proxy.trap
        if trap is None:
            return None
        if trap is not self._awaited:
            self._awaited, self._sent = trap, b""
        self._sent += data
        if trap.marker not in data:
            return None
        found, self._sent = trap.after in self._sent, b""
        if not found:
            return None
        self._proxy.trap, self._trapped = None, trap
        return trap

    async def _down(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                if self._trapped is not None:
                    self._trapped.sprung.set()
                    return
                await self._proxy.passed()
                self.client.write(data)
                await self.client.drain()


@asynccontextmanager
async def proxied(dsn: str, seed: int = 0) -> AsyncIterator[Proxy]:
    """A proxy in front of this server, as long as the context."""
    proxy = Proxy(dsn, seed)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.close()
