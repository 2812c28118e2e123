"""A server that is further away: a TCP proxy, in a process of its own, that holds each packet back for 1 ms each way.

`python -m benchmarks.distance SOCKET` prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

DELAY_S = 0.001
"""In each direction."""
_CHUNK_BYTES = 1 << 16
_START_S = 10.0


@asynccontextmanager
async def distant(dsn: str) -> AsyncIterator[str]:
    """The connection string of the same database through the proxy.

    Args:
        dsn: Of a server on a unix socket.
    """
    target = conninfo_to_dict(dsn)
    socket = Path(str(target["host"])) / f".s.PGSQL.{target['port']}"
    command = (sys.executable, "-m", "benchmarks.distance", str(socket))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_S):
            port = int(await process.stdout.readline())
        yield make_conninfo(dsn, host="127.0.0.1", port=port)
    finally:
        process.stdin.close()
        await process.wait()


async def _serve(socket: str) -> None:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(socket)
        with suppress(asyncio.CancelledError):  # the end of the process
            await asyncio.gather(_delayed(reader, forth), _delayed(back, writer), return_exceptions=True)

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def _delayed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, in its order, each piece `DELAY_S` after it came: waiting pieces do not wait in line."""
    loop, held = asyncio.get_running_loop(), deque[bytes]()
    while data := await reader.read(_CHUNK_BYTES):
        held.append(data)
        loop.call_later(DELAY_S, lambda: writer.write(held.popleft()))
    loop.call_later(2 * DELAY_S, writer.close)


if __name__ == "__main__":
    # epoll, the default, wakes only at whole milliseconds.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(_serve(sys.argv[1]))
