"""How many branches to run at once, moved by what is measured: throughput, failures, and that nothing ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

GAIN = 1.05
"""Throughput must grow by this factor for a higher limit to count as better."""
LOSS = 0.9
"""Throughput below this share of the last window's means that the limit was too high."""
FAILURE_SHARE = 0.5
"""More failures than this in one window halve the limit."""
STILL_S = 0.05
"""A limit that is reached grows when nothing has ended for this long: those that run wait themselves, or hang."""
STILL_GAPS = 4
"""Where it was measured how far endings lie apart, it waits this many times as long, ..."""
STILL_MOST_S = 10.0
"""... and no longer than this: those that run may hang all the same."""


@dataclass(frozen=True, slots=True)
class AdaptiveLimit:
    """A limit and the window in which it is being tried: as many endings as the limit is high.

    It doubles while that pays (slow start), then moves by one: up where throughput grew, down where it fell, half where
    branches fail. It grows by one as well while nothing ends, or branches that hang would keep out all others: each
    time after a longer wait, and what was seen before still counts. A fixed limit is one whose `ceiling` equals its
    `limit` and which never observes.

    Attributes:
        limit: Branches at once, from 1.
        ceiling: Where it stops growing.
        opened_at: When the window began, seconds on a monotonic clock.
        ended: Branches that ended in this window.
        failed: Those of them that failed.
        throughput: Endings per second in the last window; None before the first.
        slow_start: Whether it still doubles.
        still: How often it has grown since a branch ended.
    """

    limit: int
    ceiling: int
    opened_at: float
    ended: int = 0
    failed: int = 0
    throughput: float | None = None
    slow_start: bool = True
    still: int = 0

    def observe(self, *, succeeded: bool, now: float) -> AdaptiveLimit:
        """The limit after one more branch has ended."""
        seen = replace(self, ended=self.ended + 1, failed=self.failed + (not succeeded), still=0)
        return seen if seen.ended < seen.limit else _next_window(seen, now)

    def patience_s(self, stirred_at: float) -> float:
        """How long nothing may end before it grows.

        Args:
            stirred_at: When a branch ended, or the limit grew, for the last time.
        """
        gap = 0.0
        if self.throughput is not None:
            gap = 1 / self.throughput
        elif self.ended:
            gap = (stirred_at - self.opened_at) / self.ended
        return max(STILL_S * (self.still + 1), min(STILL_GAPS * gap, STILL_MOST_S))

    def stood_still(self) -> AdaptiveLimit:
        """The limit after nothing has ended for as long as it has patience: one more, for a slow service is no gain."""
        return replace(self, limit=min(self.limit + 1, self.ceiling), still=self.still + 1)


def _next_window(seen: AdaptiveLimit, now: float) -> AdaptiveLimit:
    throughput = seen.ended / max(now - seen.opened_at, 1e-6)
    limit, slow_start = _moved(seen, throughput)
    limit = max(1, min(limit, seen.ceiling))
    return AdaptiveLimit(limit, seen.ceiling, now, throughput=throughput, slow_start=slow_start)


def _moved(seen: AdaptiveLimit, throughput: float) -> tuple[int, bool]:
    if seen.failed > FAILURE_SHARE * seen.ended:
        return seen.limit // 2, False
    if seen.throughput is None or throughput >= GAIN * seen.throughput:
        return (seen.limit * 2, True) if seen.slow_start else (seen.limit + 1, False)
    if throughput < LOSS * seen.throughput:
        return seen.limit - 1, False
    return seen.limit, False
