"""Which results hold an item: kept once for all items that the same results hold, because a list may be long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

_NONE = 0


@dataclass(slots=True)
class Holders:
    """Groups of results, each a group before it and one result more."""

    group: dict[str, int] = field(default_factory=dict)
    """By item, the group that holds it."""
    _steps: dict[tuple[int, int], int] = field(default_factory=dict)
    """By group and the result that joins it, the group that comes of it; in the order they came to be."""

    def hold(self, items: Iterable[str], place: int) -> None:
        """The result at this place, which comes after those named before, holds these items, each named once."""
        group, steps = self.group, self._steps
        for item in items:
            step = (group.get(item, _NONE), place)
            joined = steps.get(step)
            if joined is None:
                joined = steps[step] = len(steps) + 1
            group[item] = joined

    def places(self) -> dict[int, list[int]]:
        """By group that holds an item, the places of its results, rising."""
        steps = dict(zip(self._steps.values(), self._steps, strict=True))
        found: dict[int, list[int]] = {}
        for last in dict.fromkeys(self.group.values()):
            group, places = last, []
            while group != _NONE:
                group, place = steps[group]
                places.append(place)
            found[last] = places[::-1]
        return found
