"""Which calls keep the cores busy, and which wait until they may: never more together than there are cores."""

from __future__ import annotations

import math
from dataclasses import dataclass

from langgraph_quorum.nodes.branching.cores import ONLY_WAITS
from langgraph_quorum.nodes.branching.metering import CpuMeter


@dataclass(eq=False, slots=True)
class Load:
    """What one call takes of the cores while it runs.

    Attributes:
        cpu: Cores it is expected to take, above 0.
        meter: Measures that share of a core, where nobody has declared it.
        beside: The call of the same branch that it is a second one to; None for one that is made alone.
    """

    cpu: float
    meter: CpuMeter | None = None
    beside: Load | None = None

    def expected(self) -> float:
        """Cores it is expected to take; next to nothing counts as nothing."""
        return _counted(self.cpu if self.meter is None else self.cpu * self.meter.share)

    def taken(self) -> float:
        """Cores it takes while it runs; next to nothing counts as nothing."""
        return _counted(self.cpu if self.meter is None else self.cpu * self.meter.running_share)


def _counted(cores: float) -> float:
    return cores if cores >= ONLY_WAITS else 0.0


class Loads:
    """The calls of one fan-out that keep cores busy, and further calls of running branches that wait to.

    Those further calls, of a retry or a fallback, go before branches that have not begun. A second call beside one that
    runs goes after all others, and keeps nobody waiting.

    Attributes:
        waiting: Further calls, in the order in which they came.
    """

    def __init__(self, at_once: float) -> None:
        self._at_once = at_once
        self._busy: dict[Load, None] = {}
        self.waiting: dict[Load, None] = {}

    @property
    def may_sink(self) -> bool:
        """Whether any use is measured, so that it may sink without a call having ended."""
        return any(load.meter is not None for load in self._busy)

    def fits(self, load: Load) -> bool:
        """Whether the first call of a branch may begin: there is room, and no call goes before it."""
        return not load.expected() or (self._room_for(load) and all(self._is_second(one) for one in self.waiting))

    def take(self, load: Load) -> None:
        """A call begins."""
        self._busy[load] = None

    def give_back(self, load: Load) -> None:
        """A call has ended, or will not be made."""
        self._busy.pop(load, None)
        self.waiting.pop(load, None)

    def admit(self) -> list[Load]:
        """Further calls that may begin now, in their order."""
        admitted = []
        for load in [load for load in self.waiting if not self._is_second(load)]:
            if not self._room_for(load):
                break
            self._begin(load)
            admitted.append(load)
        return admitted

    def admit_seconds(self) -> list[Load]:
        """Second calls that may begin now, when nobody else is to."""
        admitted = []
        for load in [load for load in self.waiting if self._is_second(load)]:
            if self._room_for(load):
                self._begin(load)
                admitted.append(load)
        return admitted

    def _begin(self, load: Load) -> None:
        del self.waiting[load]
        self.take(load)

    def _is_second(self, load: Load) -> bool:
        return load.beside in self._busy

    def _room_for(self, load: Load) -> bool:
        asked = load.expected()
        if not asked:
            return True
        used = [cores for busy in self._busy if (cores := busy.taken())]
        # One that asks for more than there is runs alone. Summed anew each time: a running total drifts.
        return not used or math.fsum([*used, asked]) <= self._at_once + 1e-9
