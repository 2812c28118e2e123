"""A few large statements, carried out in a thread of their own while the event loop goes on."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Event

from psycopg import AsyncPipeline
from psycopg.pq import TransactionStatus

from langgraph_quorum.orchestration.persistence.living_connections import Connection
from langgraph_quorum.orchestration.persistence.saving.exchange import RefusedError, Statement, exchange


async def carried_out_aside(connection: Connection, statements: Sequence[Statement]) -> bool:
    """Carry out statements as one transaction; the thread is not one of the loop's, which may all be busy.

    When it is cancelled, for instance since the time is up, they may yet be carried out.

    Args:
        connection: Idle, and nobody else's meanwhile. It is closed when it is of no use any more.
        statements: As `exchange` has them.

    Returns:
        False when nothing was carried out, since the connection does not speak as it must, or a statement was refused:
        done again on the loop, it says why.

    Raises:
        psycopg.OperationalError: The connection broke; perhaps all was carried out.
    """
    if not AsyncPipeline.is_supported() or connection.info.encoding != "utf-8":
        return False
    stopped = Event()
    work = partial(exchange, connection.pgconn, statements, until=math.inf, is_stopped=stopped.is_set)
    thread = ThreadPoolExecutor(1, thread_name_prefix="quorum-saving-large")
    job = asyncio.get_running_loop().run_in_executor(thread, work)
    thread.shutdown(wait=False)
    try:
        await asyncio.shield(job)
    except RefusedError:
        return False
    except asyncio.CancelledError:
        stopped.set()
        while not job.done():  # it holds the connection; it looks ten times a second whether to stop
            with suppress(asyncio.CancelledError):
                await asyncio.wait({job})
        job.exception()  # which nobody is to be told
        raise
    finally:
        if connection.pgconn.transaction_status != TransactionStatus.IDLE:
            await connection.close()
    return True
