"""Patience: what a broken connection cut short is done again on a fresh one.

Only for what may be repeated: reads, deletions, and inserts that are upserts or do nothing on conflict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from langgraph_quorum.orchestration.persistence.faults import query_fault

PATIENCE_S = 30.0
"""How long a statement is tried again while the database is away."""

ATTEMPT_S = 60.0
"""How long one attempt may take."""

_LASTING = (
    PoolClosed,
    errors.DiskFull,
    errors.ConfigurationLimitExceeded,
    errors.ProgramLimitExceeded,
    errors.StatementTooComplex,
)

T = TypeVar("T")


def is_passing(error: BaseException) -> bool:
    """Whether the connection is at fault, not the statement: trying again on another connection may help."""
    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)) and not isinstance(error, _LASTING)


async def patiently(
    doing: str,
    statement: Callable[[], Awaitable[T]],
    *,
    patience_s: float = PATIENCE_S,
    on_retry: Callable[[], None] | None = None,
) -> T:
    """Do it, and again for up to `patience_s` seconds while the connection is at fault.

    Args:
        doing: What it is, as the beginning of an error.
        statement: Done once at least; each time within 60 seconds.
        patience_s: Seconds after which no new attempt begins.
        on_retry: Told before each further attempt.

    Raises:
        psycopg.Error: As it was at the last attempt.
        DatabaseError: An attempt got no answer.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience_s

    def told(_: RetryCallState) -> None:
        if on_retry is not None:
            on_retry()

    def too_late(_: RetryCallState) -> bool:
        return loop.time() >= give_up_at

    async def attempt() -> T:
        limit = asyncio.timeout(ATTEMPT_S)
        try:
            async with limit:
                return await statement()
        except TimeoutError as error:
            if limit.expired():
                raise query_fault(error, doing) from error
            raise

    retrying = AsyncRetrying(
        stop=too_late,
        wait=wait_random_exponential(multiplier=0.05, max=1.0),
        retry=retry_if_exception(is_passing),
        before_sleep=told,
        reraise=True,
    )
    return await retrying(attempt)
