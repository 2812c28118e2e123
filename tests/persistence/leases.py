"""What the lease table says, and waiting until it, or another process, has come to a state."""

import asyncio
from collections.abc import Callable

import psycopg


async def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is outside this process
            await asyncio.sleep(0.02)


def row_of(database: str, thread_id: str = "t") -> tuple[int, float]:
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT token, extract(epoch FROM expires_at - clock_timestamp())::float8 FROM quorum.leases"
            " WHERE thread_id = %s",
            (thread_id,),
        ).fetchone()
    assert row is not None
    return row[0], row[1]
