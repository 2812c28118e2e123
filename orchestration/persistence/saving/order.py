"""No result is stored before the checkpoint that it belongs to.

LangGraph hands over a step's checkpoint only when the one before is durable, and starts the step's tasks meanwhile. A
result that was stored ahead of its checkpoint would belong to nothing after a crash, and its branch would run again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from contextlib import suppress
from typing import TypeAlias

Place: TypeAlias = tuple[str, str]
"""Thread and namespace."""

HOLD_S = 5.0
"""A result whose checkpoint nobody hands over is not held back for longer: somebody else may have stored it."""
_KEPT = 10_000


class CheckpointOrder:
    """Knows the latest checkpoint of each of the latest 10,000 places, and holds back what is later."""

    def __init__(self) -> None:
        self._latest: OrderedDict[Place, str] = OrderedDict()
        self._waiting: defaultdict[Place, set[asyncio.Future[bool]]] = defaultdict(set)

    def saw(self, place: Place, checkpoint_id: str) -> None:
        """A checkpoint is stored, or is handed over right now: what belongs to it may follow."""
        if checkpoint_id > self._latest.get(place, ""):
            self._latest[place] = checkpoint_id
            self._latest.move_to_end(place)
            while len(self._latest) > _KEPT:
                self._latest.popitem(last=False)
        self._tell(place, lost=False)

    def failed(self, place: Place) -> None:
        """A checkpoint could not be stored: what waits now waits in vain."""
        self._tell(place, lost=True)

    def _tell(self, place: Place, *, lost: bool) -> None:
        for turn in self._waiting.pop(place, ()):
            if not turn.done():
                turn.set_result(lost)

    def forget(self, thread_id: str) -> None:
        """The thread was deleted."""
        for place in [place for place in self._latest if place[0] == thread_id]:
            del self._latest[place]

    def is_due(self, place: Place, checkpoint_id: str) -> bool:
        """Whether what belongs to this checkpoint may be stored now. Ids are in the order of their time."""
        latest = self._latest.get(place)
        return latest is None or checkpoint_id <= latest

    async def due(self, place: Place, checkpoint_id: str) -> None:
        """Wait until it may be stored, for at most five seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HOLD_S):
                lost = False
                while not (lost or self.is_due(place, checkpoint_id)):
                    lost = await self._told(place)

    async def _told(self, place: Place) -> bool:
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[place].add(turn)
        try:
            return await turn
        finally:
            self._waiting[place].discard(turn)
            if not self._waiting[place]:
                del self._waiting[place]
