"""A lease while it is held: its heartbeat renews it, hears what is asked of its driver, and tells when it is lost.

Only the database's clock says whether a lease has run out, and only the monotonic clock how long we have waited.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from langgraph_quorum.orchestration.persistence.lease_statistics import counts_of
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.state.errors import DatabaseError, LeaseLostError

Asked: TypeAlias = Literal["cancel", "drain"]
"""What another process may ask of a thread's driver."""
Answer: TypeAlias = Literal["renewed", "overtaken", "no answer"]

_WOKEN_S = 2.0

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Lease:
    """The right to drive one thread.

    Attributes:
        thread_id: The thread.
        token: Greater than that of every earlier holder.
        owner: Our process mark, as others see it.
        lost: Set once the lease was taken over, or could not be renewed in time. The driver must stop then.
        unreachable: Set before that when it was the database that gave no answer.
        asked: What another process has asked of the driver; None without a request. Heard with the next heartbeat.
        request: Set when `asked` comes to another request. Who has seen to one and waits for the next clears it.
    """

    thread_id: str
    token: int
    owner: str
    lost: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    unreachable: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    asked: Asked | None = None
    request: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

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

    def hear(self, asked: Asked | None) -> None:
        """Take down what is asked of the driver now."""
        if asked is not None and asked != self.asked:
            self.request.set()
        self.asked = asked


async def beat(pool: Pool, lease: Lease, ttl_s: float, renewed_at: float) -> None:
    """Renew until overtaken, until no renewal succeeded for a whole `ttl_s`, or until cancelled; then it is lost.

    A lease that ran out while we were stopped is asked for once more: if nobody took it, nobody drove the thread.

    Args:
        pool: One connection is borrowed for each beat.
        lease: What is renewed.
        ttl_s: Seconds it lasts from each renewal on; a beat every third of that.
        renewed_at: When it was taken, on the monotonic clock.
    """
    pause_s = ttl_s / 3
    try:
        while True:
            await asyncio.sleep(pause_s)
            asked_at = time.monotonic()
            left_s = renewed_at + ttl_s - asked_at
            patience_s = _patience_s(ttl_s, left_s)
            answer = await _ask(pool, lease, ttl_s, timeout_s=patience_s)
            if answer == "renewed":
                renewed_at, pause_s = asked_at, ttl_s / 3
                counts_of(pool).renewed(time.monotonic() - asked_at)
            elif answer == "overtaken":
                return
            else:
                counts_of(pool).not_renewed()
                slept = time.monotonic() - asked_at > patience_s + ttl_s / 3  # the answer may have come meanwhile
                if time.monotonic() >= renewed_at + ttl_s and not slept:
                    lease.unreachable.set()
                    return
                pause_s = ttl_s / 20
    finally:
        lease.lost.set()


def _patience_s(ttl_s: float, left_s: float) -> float:
    """Seconds to wait for an answer. Who has slept past the lease is told by it what has become of the thread."""
    return min(left_s, ttl_s / 3) if left_s > 0 else max(_WOKEN_S, ttl_s / 3)


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
    if row is None:
        return "overtaken"
    lease.hear(row["asked"])
    return "renewed"
