"""Taking a thread and giving it back. What may be taken is a pure rule, `judge`; the rest is a thin shell."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from psycopg import errors
from psycopg.rows import DictRow

from langgraph_quorum.orchestration.bounds import check_seconds
from langgraph_quorum.orchestration.persistence.lease_statistics import Found, counts_of
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed
from langgraph_quorum.orchestration.persistence.processes import parse_mark, surely_dead, this_process
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError, ThreadBusyError

OnBusy: TypeAlias = Literal["reject", "wait", "take_over"]
"""What becomes of a second start of a thread: `reject` raises at once, `wait` asks again until the thread is free or
the time is up, `take_over` takes the thread from its living driver, which stops at its next heartbeat or write."""
Verdict: TypeAlias = Literal["free", "owner dead", "busy"]

_ATTEMPTS = 5  # each is lost only to another driver that changed the row in between
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_RELEASE_S, _RELEASE_AGAIN_S = 5.0, 0.25

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Holding:
    """What the lease table says of a thread.

    Attributes:
        owner: The process mark of the holder.
        token: Its token.
        expires_in_s: Seconds left by the database's clock; negative when it ran out.
    """

    owner: str
    token: int
    expires_in_s: float


@dataclass(frozen=True)
class Taken:
    """A thread that is ours.

    Attributes:
        token: Of its lease.
        asked_at: When it was asked for, on the monotonic clock: the lease lasts from then on at least.
    """

    token: int
    asked_at: float


def judge(holding: Holding | None, *, owner_dead: bool) -> Verdict:
    """Whether a thread may be taken: it is free, its owner is known to be dead, or it is busy."""
    if holding is None or holding.expires_in_s <= 0:
        return "free"
    return "owner dead" if owner_dead else "busy"


def pause_before(attempt: int, holding: Holding, left_s: float) -> float:
    """Seconds to wait for a busy thread: growing, and no longer than its lease or the time that is left.

    Args:
        attempt: How often it was found busy, from 1.
        holding: What was found.
        left_s: Seconds until the waiting ends, above 0.
    """
    growing = min(_FIRST_PAUSE_S * 1.5 ** min(attempt - 1, 20), _LONGEST_PAUSE_S)
    return min(growing, left_s, max(holding.expires_in_s, _FIRST_PAUSE_S))


def check_policy(on_busy: OnBusy, wait_s: float) -> None:
    """Refuse a policy that there is not, and a wait without an end.

    Raises:
        ConfigurationError: naming the argument.
    """
    if on_busy not in get_args(OnBusy):
        raise ConfigurationError("on_busy", on_busy, f"give one of {', '.join(get_args(OnBusy))}")
    check_seconds("wait_s", wait_s)


async def acquire(pool: Pool, thread_id: str, ttl_s: float, on_busy: OnBusy, wait_s: float) -> Taken:
    """Take a thread for this process.

    Args:
        pool: A pool of the migrated database.
        thread_id: The thread.
        ttl_s: Seconds the lease lasts from now.
        on_busy: What to do when another driver holds it.
        wait_s: For "wait": seconds until that is given up.

    Raises:
        ThreadBusyError: Another driver holds it, and goes on doing so for `wait_s` seconds where that was waited for.
        DatabaseError: The lease table cannot be used.
    """
    until = time.monotonic() + wait_s
    found_busy = 0
    while True:
        found = await _unless_cancelled(pool, thread_id, ttl_s, by_force=on_busy == "take_over")
        if isinstance(found, Taken):
            return found
        found_busy += 1
        left_s = until - time.monotonic()
        if on_busy != "wait" or left_s <= 0:
            counts_of(pool).rejected()
            raise ThreadBusyError(thread_id, _described(found.owner), found.expires_in_s)
        await asyncio.sleep(pause_before(found_busy, found, left_s))


async def release(pool: Pool, thread_id: str, token: int) -> bool:
    """Give a thread back, unless it was taken over; where the database cannot for five seconds its lease runs out.

    Returns:
        Whether it was ours until now, as far as is known.
    """
    until = time.monotonic() + _RELEASE_S
    values = {"thread_id": thread_id, "token": token}
    while True:
        try:
            async with borrowed(pool, "releasing the lease", timeout_s=until - time.monotonic()) as connection:
                return (await connection.execute(pool.statements("leases")["release"], values)).rowcount > 0
        except DatabaseError as error:
            if pool.closed or time.monotonic() + _RELEASE_AGAIN_S >= until:
                logger.warning("thread %s stays taken until its lease runs out: %s", thread_id, error)
                return True
        await asyncio.sleep(_RELEASE_AGAIN_S)  # it may be read-only for a moment, as while a standby takes over


async def _unless_cancelled(pool: Pool, thread_id: str, ttl_s: float, *, by_force: bool) -> Taken | Holding:
    """One try. When it is cancelled it may have taken the thread all the same, which nobody would then drive."""
    trying = asyncio.create_task(_try(pool, thread_id, ttl_s, by_force=by_force), name=f"taking {thread_id}")
    try:
        return await asyncio.shield(trying)
    except asyncio.CancelledError:
        await asyncio.wait({trying}, timeout=_RELEASE_S)
        if not trying.cancel() and not trying.cancelled() and trying.exception() is None:
            found = trying.result()
            if isinstance(found, Taken):
                counts_of(pool).ended(lost=False)
                await release(pool, thread_id, found.token)
        raise


async def _try(pool: Pool, thread_id: str, ttl_s: float, *, by_force: bool) -> Taken | Holding:
    """The thread, or who has it."""
    sql = pool.statements("leases")
    values = {"thread_id": thread_id, "owner": this_process().text, "ttl_s": ttl_s, "by_force": by_force}
    dead_token: int | None = None
    for _ in range(_ATTEMPTS):
        asked_at, seen = time.monotonic(), None
        async with borrowed(pool, f"taking thread {thread_id!r}") as connection:
            row = await _taken(connection, sql, {**values, "dead_token": dead_token})
            if row is None:
                seen = await _seen(connection, sql, thread_id)
        if row is not None:
            counts_of(pool).acquired(_found(row["owner_before"], row["expires_in_s_before"]))
            return Taken(row["token"], asked_at)
        holding = None if seen is None else Holding(**seen)
        verdict = _verdict(holding)
        if holding is not None and verdict == "busy":
            return holding
        dead_token = holding.token if holding is not None and verdict == "owner dead" else None
    return Holding("several drivers that keep taking it from one another", 0, ttl_s)


async def _taken(connection: Connection, sql: Mapping[str, bytes], values: Mapping[str, Any]) -> DictRow | None:
    """The row of the lease that was taken; None when somebody has it. Ends when the borrowing does."""
    while True:
        try:
            return await (await connection.execute(sql["acquire"], values)).fetchone()
        except errors.UniqueViolation:
            continue  # somebody else made the row just now: ON CONFLICT sees that of one index, and there are two
        except errors.LockNotAvailable:
            seen = await _seen(connection, sql, values["thread_id"])
            if not values["by_force"] and seen is not None and _verdict(Holding(**seen)) == "busy":
                return None  # its driver lives, and writes something large
            await connection.execute(sql["evict"])


async def _seen(connection: Connection, sql: Mapping[str, bytes], thread_id: str) -> DictRow | None:
    return await (await connection.execute(sql["look"], {"thread_id": thread_id})).fetchone()


def _verdict(holding: Holding | None) -> Verdict:
    return judge(holding, owner_dead=holding is not None and _owner_dead(holding.owner))


def _found(owner: str | None, expires_in_s: float | None) -> Found:
    """How the thread was found that is ours now. A lease that was given back ends at -infinity."""
    if owner is None or expires_in_s is None or expires_in_s == -math.inf:
        return "free"
    return "driven" if expires_in_s > 0 and not _owner_dead(owner) else "abandoned"


def _described(owner: str) -> str:
    """A holder in words for a person."""
    mark = parse_mark(owner)
    return owner if mark is None else mark.described


def _owner_dead(owner: str) -> bool:
    mark = parse_mark(owner)
    return mark is not None and surely_dead(mark)
