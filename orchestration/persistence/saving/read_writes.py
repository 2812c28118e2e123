"""What was read a moment ago, for whoever would read it again.

LangGraph reads a thread when it takes it up, with all that its unfinished step has written. The gate of that step then
asks for the same: a thousand branches are read and decoded once.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

from langgraph.checkpoint.base import PendingWrite

Place: TypeAlias = tuple[str, str, str]
"""Thread, namespace and checkpoint."""

KEPT_S = 10.0
_KEPT = 16


class ReadWrites:
    """Keeps the writes of the 16 checkpoints that were read last, each for ten seconds and for one taker."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Place, tuple[float, list[PendingWrite]]] = OrderedDict()

    def keep(self, place: Place, writes: list[PendingWrite]) -> None:
        """Remember what was read."""
        now = self._clock()
        self._kept[place] = now, writes
        self._kept.move_to_end(place)
        while self._kept and (len(self._kept) > _KEPT or next(iter(self._kept.values()))[0] < now - KEPT_S):
            self._kept.popitem(last=False)

    def take(self, place: Place) -> list[PendingWrite] | None:
        """What was read, once; None when that was too long ago, or never."""
        read_at, writes = self._kept.pop(place, (0.0, None))
        return writes if writes is not None and self._clock() - read_at <= KEPT_S else None
