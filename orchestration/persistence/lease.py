"""One thread, one driver: a lease with a growing token, kept alive by a heartbeat.

The rule is a pure function (`judge`); the rest is a thin shell around four statements. Whoever takes a thread over
gets a greater token, so what a driver that was stopped meanwhile still writes can be told apart and refused.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.orchestration.persistence.processes import parse_mark, surely_dead, this_process
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError, LeaseLostError, ThreadBusyError

_ATTEMPTS = 5  # each is lost only to another driver that changed the row in between
_LEAST_TTL_S = 0.3
_RELEASE_S = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lease:
    """The right to drive one thread.

    Attributes:
        thread_id: The thread.
        token: Greater than that of every earlier holder.
        owner: Our process mark, as others see it.
        lost: Set once the lease was taken over, or could not be renewed in time. The driver must stop then.
        unreachable: Set before that when it was the database that gave no answer.
    """

    thread_id: str
    token: int
    owner: str
    lost: asyncio.Event = field(default_factory=asyncio.Event, repr=False, compare=False)
    unreachable: asyncio.Event = field(default_factory=asyncio.Event, repr=False, compare=False)

    def check(self) -> None:
        """Raise when the lease is lost.

        Raises:
            LeaseLostError: Another driver has taken the thread over.
            DatabaseError: The database gave no answer for as long as the lease lasts.
        """
        if not self.lost.is_set():
            return
        if self.unreachable.is_set():
            raise DatabaseError(
                f"the database went away while thread {self.thread_id!r} was running: what was stored before is kept;"
                " bring it back, then resume"
            )
        raise LeaseLostError(
            f"thread {self.thread_id!r} was taken over by another driver: nothing more is written here; see who runs"
            " it, then resume"
        )


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


Verdict: TypeAlias = Literal["free", "owner dead", "busy"]
Answer: TypeAlias = Literal["renewed", "overtaken", "no answer"]


def judge(holding: Holding | None, *, owner_dead: bool) -> Verdict:
    """Whether a thread may be taken: it is free, its owner is known to be dead, or it is busy."""
    if holding is None or holding.expires_in_s <= 0:
        return "free"
    return "owner dead" if owner_dead else "busy"


@asynccontextmanager
async def hold_lease(pool: Pool, thread_id: str, *, ttl_s: float = 15.0) -> AsyncIterator[Lease]:
    """Drive `thread_id` alone for as long as the context is open.

    The heartbeat renews every `ttl_s / 3` seconds. A holder of this host that no longer lives is replaced at once;
    one of another host when its lease runs out by the database's clock.

    Args:
        pool: A pool of the migrated database; one connection is borrowed for each beat.
        thread_id: The thread to drive.
        ttl_s: Seconds the lease outlives its holder's last sign of life; at least 0.3.

    Raises:
        ThreadBusyError: Another driver holds it, in this process or elsewhere.
        ConfigurationError: `ttl_s` is too small, or `thread_id` cannot be stored.
        DatabaseError: The lease table cannot be used.
    """
    if not ttl_s >= _LEAST_TTL_S:
        raise ConfigurationError("ttl_s", ttl_s, f"give at least {_LEAST_TTL_S} seconds")
    if not thread_id or "\x00" in thread_id:
        raise ConfigurationError("thread_id", thread_id, "give a text that is not empty and holds no NUL")
    asked_at = time.monotonic()
    lease = await _acquire(pool, thread_id, ttl_s)
    beating = asyncio.create_task(_beat(pool, lease, ttl_s, asked_at), name=f"lease of {thread_id}")
    try:
        yield lease
    finally:
        beating.cancel()
        await asyncio.wait({beating})
        await _release(pool, lease)


async def _acquire(pool: Pool, thread_id: str, ttl_s: float) -> Lease:
    sql, owner, dead_token = pool.statements("leases"), this_process().text, None
    holding = None
    for _ in range(_ATTEMPTS):
        async with borrowed(pool, f"taking thread {thread_id!r}") as connection:
            values = {"thread_id": thread_id, "owner": owner, "ttl_s": ttl_s, "dead_token": dead_token}
            taken = await (await connection.execute(sql["acquire"], values)).fetchone()
            if taken is not None:
                return Lease(thread_id, taken["token"], owner)
            found = await (await connection.execute(sql["look"], {"thread_id": thread_id})).fetchone()
        holding = None if found is None else Holding(**found)
        verdict = judge(holding, owner_dead=holding is not None and _owner_dead(holding.owner))
        if holding is not None and verdict == "busy":
            raise ThreadBusyError(thread_id, _described(holding.owner), holding.expires_in_s)
        dead_token = holding.token if holding is not None and verdict == "owner dead" else None
    raise ThreadBusyError(thread_id, "several drivers that keep taking it from one another", ttl_s)


async def _beat(pool: Pool, lease: Lease, ttl_s: float, renewed_at: float) -> None:
    """Renew until overtaken, until no renewal succeeded for a whole `ttl_s`, or until cancelled; then it is lost.

    A lease that ran out while we were stopped is asked for once more: if nobody took it, nobody drove the thread.
    """
    pause_s = ttl_s / 3
    try:
        while True:
            await asyncio.sleep(pause_s)
            asked_at = time.monotonic()
            left_s = renewed_at + ttl_s - asked_at
            answer = await _ask(pool, lease, ttl_s, timeout_s=min(left_s, ttl_s / 3) if left_s > 0 else ttl_s / 3)
            if answer == "renewed":
                renewed_at, pause_s = asked_at, ttl_s / 3
            elif answer == "overtaken":
                return
            elif time.monotonic() >= renewed_at + ttl_s:
                lease.unreachable.set()
                return
            else:
                pause_s = ttl_s / 20
    finally:
        lease.lost.set()


async def _ask(pool: Pool, lease: Lease, ttl_s: float, *, timeout_s: float) -> Answer:
    """Try to renew once. Breaking off a statement may itself take psycopg ten seconds; nobody waits for that here."""
    attempt = asyncio.create_task(_renew(pool, lease, ttl_s), name=f"renewal of {lease.thread_id}")
    try:
        done, _ = await asyncio.wait({attempt}, timeout=timeout_s)
        return attempt.result() if done else "no answer"
    finally:
        attempt.cancel()


async def _renew(pool: Pool, lease: Lease, ttl_s: float) -> Answer:
    values = {"thread_id": lease.thread_id, "token": lease.token, "ttl_s": ttl_s}
    try:
        async with borrowed(pool, "renewing the lease") as connection:
            row = await (await connection.execute(pool.statements("leases")["renew"], values)).fetchone()
    except DatabaseError as error:
        logger.warning("thread %s: %s", lease.thread_id, error)
        return "no answer"
    return "overtaken" if row is None else "renewed"


async def _release(pool: Pool, lease: Lease) -> None:
    try:
        async with borrowed(pool, "releasing the lease", timeout_s=_RELEASE_S) as connection:
            values = {"thread_id": lease.thread_id, "token": lease.token}
            await connection.execute(pool.statements("leases")["release"], values)
    except DatabaseError as error:
        logger.warning("thread %s stays taken until its lease runs out: %s", lease.thread_id, error)


def _owner_dead(owner: str) -> bool:
    mark = parse_mark(owner)
    return mark is not None and surely_dead(mark)


def _described(owner: str) -> str:
    mark = parse_mark(owner)
    return owner if mark is None else mark.described
