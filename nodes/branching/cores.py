"""Which call may start next, so that those that run fit on the cores."""

from __future__ import annotations

import os
from collections.abc import Iterable

ONLY_WAITS = 0.05
"""A call measured to take less of a core than this only waits: it takes none."""


def first_that_fits(waiting: Iterable[float], running: Iterable[float], cores: int) -> int | None:
    """The place in the queue of the call to start next, None when none may start.

    What only waits starts at any time and passes the others, which keep their order: so neither holds up the other.
    One call at least may always run.

    Args:
        waiting: Shares of a core, 0..1, that the calls in the queue are measured to take.
        running: Those of the calls that run.
        cores: What may be kept busy.
    """
    taken = sum(share for share in running if share >= ONLY_WAITS)
    fits = True
    for place, share in enumerate(waiting):
        if share < ONLY_WAITS:
            return place
        fits = fits and (not taken or taken + share <= cores)
        if fits:
            return place
    return None


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
