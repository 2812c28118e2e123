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
from psycopg.pq import PipelineStatus, TransactionStatus

from langgraph_quorum.orchestration.persistence.living_connections import Connection
from langgraph_quorum.orchestration.persistence.saving.exchange import exchange
from langgraph_quorum.orchestration.persistence.saving.pipelined import RefusedError, Statement


def is_fit_again(connection: Connection) -> bool:
    """Whether a connection is idle, and between exchanges; it is not after one that was broken off."""
    pgconn = connection.pgconn
    return pgconn.transaction_status == TransactionStatus.IDLE and pgconn.pipeline_status == PipelineStatus.OFF


async def carried_out_aside(connection: Connection, statements: Sequence[Statement]) -> list[int] | None:
    """Carry out statements as one transaction; the thread is not one of the loop's, which may all be busy.

    When it is cancelled, for instance since the time is up, they may yet be carried out.

    Args:
        connection: Idle, and nobody else's meanwhile. It is closed when it is of no use any more.
        statements: As `exchange` has them.

    Returns:
        How many rows each has written; None when nothing was carried out, since the connection does not speak as it
        must, or a statement was refused: done again on the loop, it says why.

    Raises:
        psycopg.OperationalError: The connection broke; perhaps all was carried out.
    """
    if not AsyncPipeline.is_supported() or connection.info.encoding != "utf-8":
        return None
    stopped = Event()
    work = partial(exchange, connection.pgconn, statements, until=math.inf, is_stopped=stopped.is_set)
    thread = ThreadPoolExecutor(1, thread_name_prefix="quorum-saving-large")
    job = asyncio.get_running_loop().run_in_executor(thread, work)
    thread.shutdown(wait=False)
    try:
        return await asyncio.shield(job)
    except RefusedError:
        return None
    except asyncio.CancelledError:
        stopped.set()
        while not job.done():  # it holds the connection; it looks ten times a second whether to stop
            with suppress(asyncio.CancelledError):
                await asyncio.wait({job})
        job.exception()  # which nobody is to be told
        raise
    finally:
        if not is_fit_again(connection):
            await connection.close()
