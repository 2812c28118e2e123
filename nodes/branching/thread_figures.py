"""What a thread pool says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph_quorum.state.thread_policy import ThreadKind


@dataclass(frozen=True, slots=True)
class ThreadStatistics:
    """What a pool is doing, and has done since it was made.

    Attributes:
        kind: Of its policy.
        size: Threads at most.
        threads: Threads of the pool now: `busy + idle`.
        busy: Threads that run a call which somebody awaits.
        idle: Threads without work.
        queued: Calls that wait for a thread.
        abandoned: Threads that still run a call which nobody awaits any more; not among `threads`.
        abandoned_total: All that were ever abandoned, whether they have ended or not.
        done: Calls that returned.
        failed: Calls that raised, or got no thread because the machine gave none.
        busy_s: Seconds that the calls which are done or failed ran, together.
        waited_s: Seconds that the calls which were started had waited for a thread, together.
        peak: Most threads that were busy at once.
    """

    kind: ThreadKind
    size: int
    threads: int
    busy: int
    idle: int
    queued: int
    abandoned: int
    abandoned_total: int
    done: int
    failed: int
    busy_s: float
    waited_s: float
    peak: int
