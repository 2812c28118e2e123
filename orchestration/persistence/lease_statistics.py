"""What became of the leases that were asked for over one pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias
from weakref import WeakKeyDictionary

from langgraph_quorum.orchestration.persistence.pool import Pool

Found: TypeAlias = Literal["free", "abandoned", "driven"]
"""How a taken thread was found: free; left behind by a driver that died or slept; driven by a living one."""


@dataclass(frozen=True)
class LeaseStatistics:
    """The leases of one pool at one moment. Counts grow from the pool's opening on.

    Attributes:
        held: Leases held now.
        acquired: Threads taken, the next two included.
        taken_from_dead: Those whose driver was dead, or had given no sign of life for as long as its lease lasts.
        taken_from_living: Those that `take_over` took from a driver that lived.
        rejected: Requests that ended with `ThreadBusyError`.
        lost: Leases lost on the way: taken over, or not renewed in time.
        renewals: Heartbeats that the database answered.
        failed_renewals: Heartbeats that it did not answer in time, or refused.
        slowest_renewal_s: The longest that an answered heartbeat took, in seconds; 0 without one.
    """

    held: int = 0
    acquired: int = 0
    taken_from_dead: int = 0
    taken_from_living: int = 0
    rejected: int = 0
    lost: int = 0
    renewals: int = 0
    failed_renewals: int = 0
    slowest_renewal_s: float = 0.0


class LeaseCounts:
    """Takes down what happens to the leases of one pool."""

    def __init__(self) -> None:
        self._held = self._acquired = self._from_dead = self._from_living = self._rejected = 0
        self._lost = self._renewals = self._failed = 0
        self._slowest_s = 0.0

    def acquired(self, found: Found) -> None:
        """A thread was taken."""
        self._held += 1
        self._acquired += 1
        self._from_dead += found == "abandoned"
        self._from_living += found == "driven"

    def rejected(self) -> None:
        """A thread was not to be had."""
        self._rejected += 1

    def ended(self, *, lost: bool) -> None:
        """A lease is held no more."""
        self._held -= 1
        self._lost += lost

    def renewed(self, seconds: float) -> None:
        """A heartbeat was answered."""
        self._renewals += 1
        self._slowest_s = max(self._slowest_s, seconds)

    def not_renewed(self) -> None:
        """A heartbeat was not answered."""
        self._failed += 1

    def snapshot(self) -> LeaseStatistics:
        """All of it as it stands."""
        return LeaseStatistics(
            held=self._held,
            acquired=self._acquired,
            taken_from_dead=self._from_dead,
            taken_from_living=self._from_living,
            rejected=self._rejected,
            lost=self._lost,
            renewals=self._renewals,
            failed_renewals=self._failed,
            slowest_renewal_s=self._slowest_s,
        )


_counts: WeakKeyDictionary[Pool, LeaseCounts] = WeakKeyDictionary()


def counts_of(pool: Pool) -> LeaseCounts:
    """Where the leases of this pool are counted."""
    return _counts.setdefault(pool, LeaseCounts())


def lease_statistics(pool: Pool) -> LeaseStatistics:
    """The leases that were asked for over this pool."""
    return counts_of(pool).snapshot()
