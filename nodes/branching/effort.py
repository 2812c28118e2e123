"""What a branch has cost so far, and how long it is tried."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from langgraph_quorum.nodes.branching.failure import retry_after_s
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.bounds import is_number
from langgraph_quorum.state.records import Quality, WorkItem

_SHOWN = 60
"""Characters of a wrong amount that a note repeats."""


@dataclass(slots=True)
class Effort:
    """What a branch has cost so far, and in `notes` what of its answer was not taken. Times are of the loop's clock.

    `not_before` is the wall clock's: the last moment before which a service of one of its attempts wants to be left
    alone, as ISO 8601. `rests` has the same of each of them, by the loop's clock.
    """

    answered_by: str
    attempts: int = 0
    began: float | None = None
    started_at: str | None = None
    stopped: float | None = None
    cost: float | None = None
    lost: list[asyncio.Task[Any]] | None = None
    notes: str = ""
    not_before: str | None = None
    rests: dict[str, float] | None = None

    def start(self) -> int:
        """Count one more attempt; gives its number."""
        self.attempts += 1
        if self.began is None:
            self.began = asyncio.get_running_loop().time()
            self.started_at = wall_clock()
        return self.attempts

    def stop(self) -> None:
        """Note that the answer is there."""
        self.stopped = asyncio.get_running_loop().time()

    def spend(self, cost: Any) -> None:
        """Add what an attempt has cost, if it said; what is no amount is noted, and counts nothing."""
        if is_number(cost) and 0 <= cost < math.inf:
            self.cost = (self.cost or 0.0) + cost
        elif cost is not None:
            self.note(f"Answer.cost={repr(cost)[:_SHOWN]} does not count: give an amount from 0")

    def note(self, what: str) -> None:
        """Note what of an answer was not taken as it is; the record says so."""
        if what not in self.notes:
            self.notes = f"{self.notes}; {what}" if self.notes else what

    def noted(self, quality: Quality | None) -> Quality | None:
        """The quality, with what was noted in its evidence."""
        if not self.notes or quality is None:
            return quality
        return {**quality, "evidence": [*quality["evidence"], self.notes]}

    def failed(self, error: Exception) -> None:
        """Add what a failed attempt has cost, if its error has a number `cost`, and note how long its service rests."""
        now = datetime.now(UTC)
        if wait_s := retry_after_s(error, now):
            until = (now + timedelta(seconds=wait_s)).isoformat(timespec="microseconds")
            self.not_before = max(self.not_before or until, until)
            rests, asked = self.rests or {}, self.answered_by
            rests[asked] = max(rests.get(asked, 0.0), asyncio.get_running_loop().time() + wait_s)
            self.rests = rests
        cost: Any = getattr(error, "cost", None)
        if is_number(cost) and 0 <= cost < math.inf:
            self.spend(cost)

    def lose(self, call: asyncio.Task[Any]) -> None:
        """Note a call that nobody waits for any more, and that has not ended."""
        self.lost = [*(self.lost or ()), call]

    def unended(self) -> asyncio.Future[Any] | None:
        """Ends with the last call that was lost; None when none goes on."""
        rest = [call for call in self.lost or () if not call.done()]
        return asyncio.gather(*rest, return_exceptions=True) if rest else None

    def outlasting(self, work: asyncio.Task[Any]) -> asyncio.Future[None]:
        """Ends when the work has, and with it every call that was lost on the way."""
        ended: asyncio.Future[None] = work.get_loop().create_future()

        def look(_: object) -> None:
            rest = self.unended()
            if rest is not None:
                rest.add_done_callback(look)
            elif not ended.done():
                ended.set_result(None)

        work.add_done_callback(look)
        return ended

    @property
    def rest_s(self) -> float:
        """Seconds for which the service that is being asked wants to be left alone; 0 where it does not say."""
        until = (self.rests or {}).get(self.answered_by)
        return 0.0 if until is None else max(0.0, until - asyncio.get_running_loop().time())

    @property
    def seconds(self) -> float:
        """From the first attempt to the answer, else to now; 0 when there was no attempt."""
        if self.began is None:
            return 0.0
        return (self.stopped if self.stopped is not None else asyncio.get_running_loop().time()) - self.began


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long a specialist is tried.

    Attributes:
        timeout_s: Seconds for one attempt.
        attempts: Attempts at most.
        hedge_s: Seconds after which a second attempt is started beside the first, None for never.
        fallback: Who takes over when all attempts have failed, None for nobody.
    """

    timeout_s: float
    attempts: int
    hedge_s: float | None
    fallback: str | None

    @classmethod
    def of(cls, specialist: Specialist, item: WorkItem | None = None) -> Persistence:
        """As the work item says; where it says nothing, as the specialist does."""
        asked: Mapping[str, Any] = item or {}
        return cls(
            asked.get("timeout_s") or specialist.timeout_s,
            int(asked.get("attempts") or specialist.attempts),
            asked.get("hedge_s") or specialist.hedge_s,
            asked.get("fallback") or specialist.fallback,
        )


def wall_clock() -> str:
    """This moment as ISO 8601, to the millisecond."""
    return _stamp(int(time.time() * 1000))


@lru_cache(maxsize=8)
def _stamp(milliseconds: int) -> str:
    """A moment of the wall clock as ISO 8601. Thousands of branches may begin within one millisecond."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
