"""What an orchestrator's connections, writes and leases are doing, at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph_quorum.orchestration.persistence.lease_statistics import LeaseStatistics
from langgraph_quorum.orchestration.persistence.pool_statistics import PoolStatistics
from langgraph_quorum.orchestration.persistence.saving.statistics import SaverStatistics


@dataclass(frozen=True, slots=True)
class Statistics:
    """A snapshot; counts grow from the opening on.

    Attributes:
        pool: Connections, and who waits for one.
        saver: What it has written, and how.
        leases: Threads that are driven, and what became of their leases.
    """

    pool: PoolStatistics
    saver: SaverStatistics
    leases: LeaseStatistics
