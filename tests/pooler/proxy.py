"""A transaction pooler: each transaction gets the next server connection in turn, as with pgbouncer.

Nothing is reset between two clients, so that what one leaves in a session is found by another. A startup parameter
`options` is refused. A server connection whose client goes away in the middle of a transaction is replaced.
"""

from __future__ import annotations

import asyncio
import itertools
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.pooler import wire
from tests.pooler.wire import Message

ANSWERED = frozenset({b"Q", b"S", b"F"})
"""Messages of a client that the server ends its answer to with ReadyForQuery."""
EXTENDED = frozenset({b"P", b"B", b"D", b"E", b"C", b"H"})
"""Messages that belong to the Sync that follows them."""


@dataclass(eq=False)
class Server:
    """A connection to Postgres, and what it has said of itself."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: list[Message] = field(default_factory=list)
    key: tuple[int, bytes] = (0, b"")


@dataclass(eq=False)
class Client:
    """A client, and the server connection it has while a transaction goes on."""

    writer: asyncio.StreamWriter
    idle: asyncio.Queue[Server]
    server: Server | None = None
    last: Server | None = None
    unanswered: int = 0
    unsynced: bool = False
    pump: asyncio.Task[None] | None = None


@dataclass(eq=False)
class Pooler:
    """The running pooler.

    Attributes:
        dsn: Where clients connect to.
        transactions: How many were handed to a server connection.
        switches: How many of those got another one than their client had before.
    """

    socket: Path
    size: int
    dsn: str = ""
    transactions: int = 0
    switches: int = 0
    sets: dict[tuple[str, str], asyncio.Queue[Server]] = field(default_factory=dict)
    servers: set[Server] = field(default_factory=set)
    clients: dict[int, Client] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1_000_000))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await self._greet(reader, writer)
        finally:
            self.tasks.discard(task)
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await wire.read_startup(reader)
        while first.code in {wire.SSL_REQUEST, wire.GSS_REQUEST}:
            writer.write(b"N")
            first = await wire.read_startup(reader)
        if first.code == wire.CANCEL_REQUEST:
            await self._cancel(first.cancels[0])
            return
        if "options" in first.parameters:
            writer.write(wire.fatal("08P01", "unsupported startup parameter: options").encoded)
            await writer.drain()
            return
        number = next(self.numbers)
        client = Client(writer, await self._set_of(first.parameters["user"], first.parameters["database"]))
        self.clients[number] = client
        greeting = [wire.AUTHENTICATED, *next(iter(self.servers)).status, wire.key_data(number, b"none"), wire.READY]
        writer.write(b"".join(message.encoded for message in greeting))
        try:
            await self._forward(reader, client)
        finally:
            del self.clients[number]
            await self._drop(client)

    async def _forward(self, reader: asyncio.StreamReader, client: Client) -> None:
        """From the client to whichever server connection its transaction has."""
        while (message := await wire.read_message(reader)).kind != b"X":
            if client.server is None:
                client.server = await client.idle.get()
                self.transactions += 1
                self.switches += client.last not in {None, client.server}
                client.last = client.server
                client.pump = asyncio.create_task(self._answer(client, client.server))
            client.unanswered += message.kind in ANSWERED
            client.unsynced = message.kind in EXTENDED or (client.unsynced and message.kind not in ANSWERED)
            client.server.writer.write(message.encoded)

    async def _answer(self, client: Client, server: Server) -> None:
        """From the server connection to the client, until the transaction has ended."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await wire.read_message(server.reader)
                client.writer.write(message.encoded)
                if message.kind == b"Z":
                    client.unanswered -= 1
                    if message.body == b"I" and not client.unanswered and not client.unsynced:
                        client.server = None
                        client.idle.put_nowait(server)
                        return
        client.writer.close()

    async def _drop(self, client: Client) -> None:
        server = client.server
        if client.pump is not None:
            client.pump.cancel()
        if server is not None:
            server.writer.close()
            self.servers.discard(server)
            client.idle.put_nowait(await self._connect(*next(k for k, v in self.sets.items() if v is client.idle)))

    async def _cancel(self, number: int) -> None:
        client = self.clients.get(number)
        if client is not None and client.server is not None:
            _, writer = await asyncio.open_unix_connection(self.socket)
            writer.write(wire.cancel_request(*client.server.key))
            await writer.drain()
            writer.close()

    async def _set_of(self, user: str, database: str) -> asyncio.Queue[Server]:
        async with self.opening:
            if (user, database) not in self.sets:
                servers = [await self._connect(user, database) for _ in range(self.size)]
                self.sets[user, database] = asyncio.Queue()
                for server in servers:
                    self.sets[user, database].put_nowait(server)
        return self.sets[user, database]

    async def _connect(self, user: str, database: str) -> Server:
        server = Server(*await asyncio.open_unix_connection(self.socket))
        server.writer.write(wire.startup({"user": user, "database": database, "client_encoding": "UTF8"}))
        while (message := await wire.read_message(server.reader)).kind != b"Z":
            assert message.kind != b"E", message.body
            if message.kind == b"S":
                server.status.append(message)
            elif message.kind == b"K":
                server.key = (struct.unpack("!I", message.body[:4])[0], message.body[4:])
        self.servers.add(server)
        return server


@asynccontextmanager
async def transaction_pooler(dsn: str, *, size: int = 3) -> AsyncIterator[Pooler]:
    """Run a pooler in front of the server of `dsn`.

    Args:
        dsn: A server on a unix socket that trusts everybody.
        size: Server connections for each user and database.
    """
    parts = conninfo_to_dict(dsn)
    pooler = Pooler(Path(str(parts["host"])) / f".s.PGSQL.{parts['port']}", size)
    listening = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    pooler.dsn = make_conninfo(dsn, host="127.0.0.1", port=listening.sockets[0].getsockname()[1])
    try:
        yield pooler
    finally:
        listening.close()
        for task in list(pooler.tasks):
            task.cancel()
        await asyncio.gather(*pooler.tasks, return_exceptions=True)
        for server in pooler.servers:
            server.writer.close()
