"""Whose turn it is: prerequisites first, then priority, never more at once than the mode allows. No clock, no I/O."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from langgraph_quorum.nodes.planning.adaptive import AdaptiveLimit
from langgraph_quorum.state.branch import Wave

LEAST_CORES = 0.05
"""A branch that takes less than this share of a core is one that waits."""


@dataclass(eq=False, slots=True)
class Ticket:
    """One branch's place in the queue.

    Attributes:
        branch_id: Whose it is.
        order: Position in the fan-out; the lowest goes first.
        cpu: Cores it is expected to take while running; 0 for one that only waits.
        cpu_now: The same as measured by now, when it is measured.
        waits_for: Prerequisites that have not succeeded yet.
        held: Prerequisites with a result from an earlier round: when they fail now, that result stands in.
        missing: A prerequisite that ended without success; the branch is then skipped.
    """

    branch_id: str
    order: int
    cpu: float = 0.0
    cpu_now: Callable[[], float] | None = None
    waits_for: set[str] = field(default_factory=set)
    held: frozenset[str] = frozenset()
    missing: str = ""

    def cores(self) -> float:
        """Cores it takes, as far as is known by now; next to nothing counts as nothing."""
        cores = self.cpu if self.cpu_now is None else self.cpu_now()
        return cores if cores >= LEAST_CORES else 0.0

    def __lt__(self, other: Ticket) -> bool:
        return self.order < other.order


class Admission:
    """Hands out turns within one fan-out.

    Branches that need CPU and branches that only wait queue apart, so that work which waits on I/O is never held up
    by a lack of CPU.
    """

    def __init__(self, wave: Wave, now: float) -> None:
        self._adaptive = wave["mode"] == "adaptive"
        self._limit = AdaptiveLimit(wave["at_once"], max(wave["ceiling"], wave["at_once"]), now)
        self._cpu_at_once = wave["cpu_at_once"]
        self._ready: dict[bool, list[Ticket]] = {True: [], False: []}
        self._blocked: dict[str, list[Ticket]] = defaultdict(list)
        self._ended: dict[str, bool] = {}
        self._running: dict[str, Ticket] = {}
        self.peak = 0

    @property
    def limit(self) -> int:
        """Branches that may run at once right now."""
        return self._limit.limit

    @property
    def running(self) -> int:
        """Branches that hold a turn."""
        return len(self._running)

    def queue(self, ticket: Ticket) -> None:
        """Take a branch into the queue."""
        ticket.waits_for = {name for name in ticket.waits_for if not self._satisfies(name, ticket)}
        ticket.missing = next((name for name in sorted(ticket.waits_for) if name in self._ended), "")
        if ticket.missing or not ticket.waits_for:
            self._make_ready(ticket)
            return
        for name in ticket.waits_for:
            self._blocked[name].append(ticket)

    def _satisfies(self, prerequisite: str, ticket: Ticket) -> bool:
        succeeded = self._ended.get(prerequisite)
        return succeeded is True or (succeeded is False and prerequisite in ticket.held)

    def _make_ready(self, ticket: Ticket) -> None:
        heapq.heappush(self._ready[ticket.cpu > 0], ticket)

    def ended(self, branch_id: str, *, succeeded: bool, now: float) -> None:
        """Note that a branch has ended, whether it ever ran or not."""
        ticket = self._running.pop(branch_id, None)
        if ticket is not None and self._adaptive:
            self._limit = self._limit.observe(succeeded=succeeded, now=now)
        self._ended[branch_id] = succeeded
        for waiting in self._blocked.pop(branch_id, ()):
            waiting.waits_for.discard(branch_id)
            if waiting.missing:
                continue
            if not succeeded and branch_id not in waiting.held:
                waiting.missing = branch_id
            if waiting.missing or not waiting.waits_for:
                self._make_ready(waiting)

    def admit(self) -> list[Ticket]:
        """The tickets whose turn has come. One with `missing` is to be skipped and takes no turn."""
        admitted: list[Ticket] = []
        while (ticket := self._next()) is not None:
            admitted.append(ticket)
            if not ticket.missing:
                self._running[ticket.branch_id] = ticket
        self.peak = max(self.peak, len(self._running))
        return admitted

    def _next(self) -> Ticket | None:
        heads = sorted((queue[0], queue) for queue in self._ready.values() if queue)
        for ticket, queue in heads:
            if ticket.missing or self._fits(ticket):
                return heapq.heappop(queue)
        return None

    def _fits(self, ticket: Ticket) -> bool:
        if len(self._running) >= self._limit.limit:
            return False
        asked = ticket.cores() if ticket.cpu else 0.0
        if not asked:
            return True
        used = [cores for running in self._running.values() if running.cpu and (cores := running.cores())]
        # One that asks for more than there is runs alone. Summed anew each time: a running total drifts.
        return not used or math.fsum([*used, asked]) <= self._cpu_at_once + 1e-9
