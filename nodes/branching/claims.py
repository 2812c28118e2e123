"""Named resources that running branches hold, exclusive ones and counted ones: a branch takes all of them together."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

EXCLUSIVE = 1.0
"""How much there is of an exclusive resource, and how much a branch takes of it."""
ROUNDING = 1e-9


class Claimant(Protocol):
    """Somebody in the queue who claims resources. The one that compares lowest goes first."""

    claims: Mapping[str, float]

    def __lt__(self, other: Any, /) -> bool:
        """Whether it goes first."""
        ...


C = TypeVar("C", bound=Claimant)


class Claims(Generic[C]):
    """What is free of each resource, and who waits for it.

    A claimant takes everything it needs at once, and holds it only while it runs, so nobody holds one resource while
    waiting for another: there is no deadlock.
    """

    def __init__(self, capacities: Mapping[str, float]) -> None:
        self._free = dict(capacities)
        self._waiting: dict[str, list[C]] = {}
        self._woken_for: dict[int, str] = {}

    def lacking(self, claimant: C) -> str:
        """A resource of which too little is free for it, "" when it can have all."""
        for name, amount in claimant.claims.items():
            if amount > self._free.get(name, EXCLUSIVE) + ROUNDING:
                return name
        return ""

    def take(self, claimant: C) -> list[C]:
        """Give it all it claims. Returns who may ask again, because some is left."""
        for name, amount in claimant.claims.items():
            self._free[name] = self._free.get(name, EXCLUSIVE) - amount
        return self._woken(claimant)

    def wait(self, claimant: C, name: str) -> list[C]:
        """Let it wait for a resource. Returns who may ask again in its place."""
        heapq.heappush(self._waiting.setdefault(name, []), claimant)
        return self._woken(claimant)

    def give_back(self, claimant: C) -> list[C]:
        """Take back what it held. Returns who may ask again."""
        woken: list[C] = []
        for name, amount in claimant.claims.items():
            self._free[name] += amount
            woken += self._wake(name)
        return woken

    def _woken(self, claimant: C) -> list[C]:
        name = self._woken_for.pop(id(claimant), "")
        return self._wake(name) if name else []

    def _wake(self, name: str) -> list[C]:
        queue = self._waiting.get(name)
        if not queue or queue[0].claims[name] > self._free[name] + ROUNDING:
            return []
        claimant = heapq.heappop(queue)
        self._woken_for[id(claimant)] = name
        return [claimant]
