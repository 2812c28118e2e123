"""What may befall the way to a database, and the database while its server stays up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.outages.proxy import Cut, Proxy, Trap

Mishap = Callable[[Proxy, str, random.Random], Awaitable[None]]
"""Takes the proxy, the DSN of the database itself, and dice; returns when all is well again."""

DRIVERS = "langgraph-quorum"
"""How drivers call themselves to Postgres."""
SILENT_S = 20.0
SPRUNG_WITHIN_S, LATER_WITHIN_S = 20.0, 0.5


async def cut(proxy: Proxy, _: str, dice: random.Random) -> None:
    """All connections are reset, several times."""
    for _number in range(4):
        proxy.cut()
        await asyncio.sleep(dice.uniform(0.01, 0.2))


async def half_closed(proxy: Proxy, _: str, dice: random.Random) -> None:
    """The server's half of each connection ends, several times."""
    for _number in range(3):
        proxy.half_close()
        await asyncio.sleep(dice.uniform(0.05, 0.2))


async def frozen(proxy: Proxy, _: str, dice: random.Random) -> None:
    """Nothing comes through for a while; connections stay."""
    proxy.freeze()
    await asyncio.sleep(dice.uniform(0.5, 1.5))
    proxy.thaw()


async def frozen_and_cut(proxy: Proxy, _: str, dice: random.Random) -> None:
    """Nothing comes through for a while, and then the connections break."""
    proxy.freeze()
    await asyncio.sleep(dice.uniform(0.5, 1.5))
    proxy.cut()
    proxy.thaw()


async def silent(proxy: Proxy, _: str, dice: random.Random) -> None:
    """Nothing comes through for longer than a lease lasts, and no connection breaks."""
    proxy.freeze()
    await asyncio.sleep(SILENT_S)
    proxy.cut()
    proxy.thaw()


async def refused(proxy: Proxy, _: str, dice: random.Random) -> None:
    """Connections break, and new ones are refused for a while."""
    await proxy.refuse()
    proxy.cut()
    await asyncio.sleep(dice.uniform(0.5, 1.5))
    await proxy.listen()


async def slow(proxy: Proxy, _: str, dice: random.Random) -> None:
    """Every packet takes 2 to 50 ms each way, and goes on doing so."""
    proxy.delay_s = (0.002, 0.05)


async def cut_in_statements(proxy: Proxy, _: str, dice: random.Random) -> None:
    """Three statements that write are cut in half."""
    await _sprung(proxy, b"checkpoint_writes", "half")


async def cut_in_answers(proxy: Proxy, _: str, dice: random.Random) -> None:
    """Three statements that write are answered to nobody."""
    await _sprung(proxy, b"checkpoint_writes", "answer")


async def cut_in_commits(proxy: Proxy, _: str, dice: random.Random) -> None:
    """Three transactions of the saver are committed, and the driver never learns of it.

    Its thread sends no COMMIT, but what is done again on the loop, since a connection broke under the thread, ends so.
    """
    await _sprung(proxy, b"COMMIT", "answer", after=b"INSERT INTO checkpoint", break_first=True)


async def cut_in_any_commit(proxy: Proxy, _: str, dice: random.Random) -> None:
    """Three transactions are committed, and the driver never learns of it; whose they are is left to chance."""
    await _sprung(proxy, b"COMMIT", "answer")


async def _sprung(
    proxy: Proxy, marker: bytes, how: Cut, *, after: bytes = b"", times: int = 3, break_first: bool = False
) -> None:
    for number in range(times):
        proxy.trap = Trap(marker, how, after)
        sprung = proxy.trap.sprung
        if break_first:
            proxy.cut()
        try:
            async with asyncio.timeout(LATER_WITHIN_S if number else SPRUNG_WITHIN_S):
                await sprung.wait()
        except TimeoutError:
            assert number, f"{marker!r} was never sent"  # later ones may find the run at its end
            proxy.trap = None


async def terminated(_: Proxy, dsn: str, dice: random.Random) -> None:
    """An administrator ends every connection, several times."""
    for _number in range(4):
        await terminate(dsn)
        await asyncio.sleep(dice.uniform(0.02, 0.2))


async def read_only(_: Proxy, dsn: str, dice: random.Random) -> None:
    """The database takes no writes for a while, as after a failover to a standby."""
    name = conninfo_to_dict(dsn)["dbname"]
    setting = f"ALTER DATABASE {name} SET default_transaction_read_only = "
    await _told(dsn, setting + "on")
    await terminate(dsn)
    await asyncio.sleep(dice.uniform(0.3, 0.8))
    await _told(dsn, "SET default_transaction_read_only = off", setting + "off")
    await terminate(dsn)


async def terminate(dsn: str) -> None:
    """End every connection of a driver."""
    await _told(
        dsn,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE application_name = '{DRIVERS}' AND datname = current_database()",
    )


async def _told(dsn: str, *statements: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as admin:
        for statement in statements:
            await admin.execute(statement.encode())


MISHAPS: dict[str, Mishap] = {
    one.__name__: one
    for one in (
        *(cut, half_closed, frozen, frozen_and_cut, silent, refused, slow),
        *(cut_in_statements, cut_in_answers, cut_in_commits, cut_in_any_commit, terminated, read_only),
    )
}
PASSING = [name for name in MISHAPS if name not in {"silent", "read_only"}]
"""Those that no run may fail for."""
