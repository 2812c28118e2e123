"""No result is stored before the checkpoint that it belongs to.

LangGraph hands over a step's checkpoint only when the one before is durable, and starts the step's tasks meanwhile. A
result that was stored ahead of its checkpoint would belong to nothing after a crash, and its branch would run again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextvars import Context
from typing import TypeAlias

Place: TypeAlias = tuple[str, str]
"""Thread and namespace."""
Go: TypeAlias = Callable[[], None]
"""Hands over what was held back."""

HOLD_S = 5.0
"""A result whose checkpoint nobody hands over is not held back for longer: somebody else may have stored it."""
_KEPT = 10_000


class CheckpointOrder:
    """Knows the latest checkpoint of each of the latest 10,000 places, and holds back what is later."""

    def __init__(self) -> None:
        self._latest: OrderedDict[Place, str] = OrderedDict()
        self._held: dict[Place, list[tuple[str, Go]]] = {}
        self._timers: dict[Place, asyncio.TimerHandle] = {}

    def is_due(self, place: Place, checkpoint_id: str) -> bool:
        """Whether what belongs to this checkpoint may be stored now. Ids are in the order of their time."""
        latest = self._latest.get(place)
        return latest is None or checkpoint_id <= latest

    def hold(self, place: Place, checkpoint_id: str, go: Go) -> None:
        """Call `go` once what belongs to this checkpoint may be stored, or after five seconds at most."""
        self._held.setdefault(place, []).append((checkpoint_id, go))
        if place not in self._timers:
            loop = asyncio.get_running_loop()
            self._timers[place] = loop.call_later(HOLD_S, self.let_go, place, context=Context())

    def saw(self, place: Place, checkpoint_id: str) -> None:
        """A checkpoint is stored, or was handed over: what belongs to it may follow."""
        if checkpoint_id > self._latest.get(place, ""):
            self._latest[place] = checkpoint_id
            self._latest.move_to_end(place)
            while len(self._latest) > _KEPT:
                self._latest.popitem(last=False)
        held = self._held.get(place)
        if held is None:
            return
        left = [(later, go) for later, go in held if not self.is_due(place, later)]
        due = [go for earlier, go in held if self.is_due(place, earlier)]
        if left:
            self._held[place] = left
        else:
            self._drop(place)
        for go in due:
            go()

    def let_go(self, place: Place) -> None:
        """Hold nothing back any more until the next checkpoint is seen, for instance since one could not be stored.

        LangGraph does not hand over the one after it then, while its tasks still end and would wait for that.
        """
        self._latest.pop(place, None)
        for _, go in self._drop(place):
            go()

    def forget(self, thread_id: str) -> None:
        """The thread is being deleted."""
        for place in [place for place in self._held if place[0] == thread_id]:
            self.let_go(place)
        for place in [place for place in self._latest if place[0] == thread_id]:
            del self._latest[place]

    def _drop(self, place: Place) -> list[tuple[str, Go]]:
        timer = self._timers.pop(place, None)
        if timer is not None:
            timer.cancel()
        return self._held.pop(place, [])
