"""What an orchestrator's connections, writes and leases are doing, at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph_quorum.orchestration.persistence.lease_statistics import LeaseStatistics
from langgraph_quorum.orchestration.persistence.pool import PoolStatistics


@dataclass(frozen=True, slots=True)
class Statistics:
    """A snapshot; counts grow from the opening on.

    Attributes:
        pool: Connections, and who waits for one.
        leases: Threads that are driven, and what became of their leases.
    """

    pool: PoolStatistics
    leases: LeaseStatistics
