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
    waiting for another: there is no deadlock. Of those that wait, the first goes that fits into what is free: one that
    asks for much keeps none that asks for little from running.
    """

    def __init__(self, capacities: Mapping[str, float]) -> None:
        self._free = dict(capacities)
        self._waiting: dict[str, dict[float, list[C]]] = {}
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
        by_amount = self._waiting.setdefault(name, {})
        heapq.heappush(by_amount.setdefault(claimant.claims[name], []), claimant)
        return self._woken(claimant)

    def give_back(self, claimant: C) -> list[C]:
        """Take back what it held. Returns who may ask again."""
        woken: list[C] = []
        for name, amount in claimant.claims.items():
            self._free[name] += amount
            woken += self._wake(name)
        return woken

    def pass_on(self) -> list[C]:
        """Those that may ask lack something else than a resource. Returns who may ask in their place."""
        names = list(self._woken_for.values())
        self._woken_for.clear()
        return [claimant for name in names for claimant in self._wake(name)]

    def _woken(self, claimant: C) -> list[C]:
        name = self._woken_for.pop(id(claimant), "")
        return self._wake(name) if name else []

    def _wake(self, name: str) -> list[C]:
        by_amount, free = self._waiting.get(name, {}), self._free[name] + ROUNDING
        fitting = [amount for amount in by_amount if amount <= free]
        if not fitting:
            return []
        amount = min(fitting, key=lambda one: by_amount[one][0])
        claimant = heapq.heappop(by_amount[amount])
        if not by_amount[amount]:
            del by_amount[amount]
        self._woken_for[id(claimant)] = name
        return [claimant]
