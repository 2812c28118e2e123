"""How a pool stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PoolStatistics:
    """A pool at one moment. Counts grow from its opening on.

    Attributes:
        preset: `direct` or `transaction`.
        max_size: Connections at most.
        size: Connections there are, being made included.
        idle: Connections that wait to be used.
        waiting: Callers that wait for a connection.
        requests: How often a connection was asked for.
        requests_waited: How many of those had to wait.
        waited_s: Seconds they have waited, all together.
        timeouts: How many were given up, because none came free in time.
        used_s: Seconds that connections were in use, all together.
        connections: Connections that were made, or tried to be.
        connections_failed: How many of those failed.
        connections_lost: Connections found dead when they were to be used.
    """

    preset: str
    max_size: int
    size: int
    idle: int
    waiting: int
    requests: int
    requests_waited: int
    waited_s: float
    timeouts: int
    used_s: float
    connections: int
    connections_failed: int
    connections_lost: int
