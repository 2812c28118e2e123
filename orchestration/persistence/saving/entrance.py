"""Where calls of one turn of the event loop gather: they are encoded one after the other, and handed over together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import Context

from langgraph_quorum.orchestration.persistence.saving.calls import Call, Queue
from langgraph_quorum.orchestration.persistence.saving.encoder import Encoder
from langgraph_quorum.orchestration.persistence.saving.weight import Paces

EARLY_CALLS = 256
"""So many calls are written without waiting for the end of the turn: that of a thousand branches is long."""
_POLL_CALLS = 64
"""After so many calls in one turn, what the server has answered meanwhile is looked at."""


class Entrance:
    """On the event loop only.

    Args:
        queue: Where calls are handed over to.
        wake: Told of it, with the number of calls that are worth a batch of their own now.
    """

    def __init__(self, queue: Queue, wake: Callable[[int], None]) -> None:
        self._queue, self._wake = queue, wake
        self._encoder = Encoder(self._encode, lambda: wake(1))
        self._paces = Paces()
        self._calls: list[Call] = []
        self._is_due = False

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def encoder(self) -> Encoder:
        """Makes the rows of what is not light."""
        return self._encoder

    def add(self, call: Call) -> None:
        """Take a call; it is handed over at the end of this turn, or before."""
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._end_turn, context=Context())
        self._calls.append(call)
        if len(self._calls) == _POLL_CALLS:
            self.hand_over(EARLY_CALLS)

    def hand_over(self, at_least: int = 1) -> None:
        """Hand over what is there. One call after the other is encoded in half the time it takes among other work."""
        calls = self.clear()
        now = asyncio.get_running_loop().time()
        for call in calls:
            call.arrived = now
            if not self._is_encoded_here(call):
                self._encoder.submit(call)
        self._queue.add(calls)
        self._wake(at_least)

    def clear(self) -> list[Call]:
        """Take out all calls."""
        calls, self._calls = self._calls, []
        return calls

    def _is_encoded_here(self, call: Call) -> bool:
        try:
            is_light = call.weight.is_light()
            is_quick = not is_light and self._paces.is_quick(call.weight.parts())
        except Exception:  # noqa: BLE001  it is not what a saver is given: encoding it says so, to its caller alone
            return False
        if is_light:
            call.encode()
        elif is_quick:
            self._encode(call)
        return is_light or is_quick

    def _encode(self, call: Call) -> None:
        parts, began = call.weight.parts(), time.thread_time()
        call.encode()
        if call.fault is None:
            self._paces.note(parts, time.thread_time() - began)

    def _end_turn(self) -> None:
        self._is_due = False
        self.hand_over()
