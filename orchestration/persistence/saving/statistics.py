"""What a saver has done so far, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SaverStatistics:
    """A snapshot.

    Attributes:
        calls: Checkpoints, writes of tasks, and deletions, which wait for those, that were handed over.
        waiting: Of these, how many wait now.
        flushes: Transactions that wrote.
        statements: Their statements, without BEGIN and COMMIT.
        rows: Rows they sent.
        size_bytes: About what they sent.
        largest_batch: Most calls in one transaction.
        retries: Attempts that a broken connection cut short, and that were made again.
        flush_s: Seconds in transactions; with the wait for a connection, where none was free at once.
    """

    calls: int = 0
    waiting: int = 0
    flushes: int = 0
    statements: int = 0
    rows: int = 0
    size_bytes: int = 0
    largest_batch: int = 0
    retries: int = 0
    flush_s: float = 0.0
