"""Whose turn it is: prerequisites first, then priority, never more at once than is allowed. No clock, no I/O."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Mapping

from langgraph_quorum.nodes.branching.claims import Claims
from langgraph_quorum.nodes.branching.loads import Load, Loads
from langgraph_quorum.nodes.branching.ticket import Ending, Ticket
from langgraph_quorum.nodes.planning.adaptive import AdaptiveLimit
from langgraph_quorum.state.branch import Wave


class Admission:
    """Hands out turns within one fan-out.

    Branches that need CPU and branches that only wait queue apart, so that work which waits on I/O is never held up
    by a lack of CPU. A turn is given together with the cores for the first call; those go back when the call has ended.

    Attributes:
        loads: The calls that keep cores busy.
    """

    def __init__(self, wave: Wave, now: float, resources: Mapping[str, float] | None = None) -> None:
        self._adaptive = wave["mode"] == "adaptive"
        self._limit = AdaptiveLimit(wave["at_once"], max(wave["ceiling"], wave["at_once"]), now)
        self._stirred_at = now
        self.loads = Loads(wave["cpu_at_once"])
        self._claims: Claims[Ticket] = Claims(resources or {})
        self._ready: dict[bool, list[Ticket]] = {True: [], False: []}
        self._void: list[Ticket] = []
        self._early: list[tuple[float, Ticket]] = []
        self._blocked: dict[str, list[Ticket]] = defaultdict(list)
        self._ended: dict[str, Ending] = {}
        self._running: dict[str, Ticket | None] = {}

    @property
    def limit(self) -> int:
        """Branches that may run at once right now."""
        return self._limit.limit

    @property
    def running(self) -> int:
        """Branches that hold a turn."""
        return len(self._running)

    @property
    def next_start(self) -> float:
        """When the next branch becomes due that must not start before; infinite when there is none."""
        return self._early[0][0] if self._early else math.inf

    @property
    def grows_at(self) -> float:
        """When the limit grows if nothing ends before; infinite while it keeps nobody waiting, or cannot grow."""
        reached = self._adaptive and self._limit.limit < self._limit.ceiling and self._limit.limit <= len(self._running)
        if not reached or not (self._ready[False] or self._ready[True]):
            return math.inf
        return self._stirred_at + self._limit.patience_s(self._stirred_at)

    @property
    def waiting(self) -> bool:
        """Whether anybody's turn may have come."""
        return bool(self._ready[False] or self._ready[True] or self._void or self._early or self.loads.waiting)

    @property
    def may_fit_soon(self) -> bool:
        """Whether somebody waits for cores whose use is measured: it may sink without anything having ended."""
        return bool(self._ready[True] or self.loads.waiting) and self.loads.may_sink

    def enter(self, branch_id: str) -> bool:
        """Give a turn at once to one that asks for nothing else, when one is free and nobody waits for it."""
        if self.waiting or len(self._running) >= self._limit.limit:
            return False
        self._running[branch_id] = None
        return True

    def queue(self, ticket: Ticket) -> None:
        """Take a branch into the queue."""
        if not ticket.waits_for:
            self._make_ready(ticket)
            return
        for name in sorted(ticket.waits_for & self._ended.keys()):
            ticket.hear(name, self._ended[name])
        if ticket.decided:
            self._fulfil(ticket)
            return
        for name in ticket.waits_for:
            self._blocked[name].append(ticket)

    def _fulfil(self, ticket: Ticket) -> None:
        """Its prerequisites have ended, or one of them in vain."""
        ticket.excused = not ticket.missing and not ticket.fed
        if ticket.void:
            self._void.append(ticket)
        else:
            self._make_ready(ticket)

    def _make_ready(self, ticket: Ticket) -> None:
        if ticket.not_before > -math.inf:
            heapq.heappush(self._early, (ticket.not_before, ticket))
        else:
            heapq.heappush(self._ready[ticket.load is not None], ticket)

    def ended(self, name: str, ending: Ending, now: float, *, freed: bool = True) -> None:
        """Note that a branch has ended, whether it ever ran or not.

        Args:
            name: Of the branch.
            ending: How.
            now: The time.
            freed: False when its work runs on: it then keeps its turn until `free` says otherwise.
        """
        if name in self._running:
            if self._adaptive:
                self._limit = self._limit.observe(succeeded=ending == "succeeded", now=now)
                self._stirred_at = now
            if freed:
                self.free(name)
        self._note(name, ending)

    def released(self, point: str, ending: Ending) -> None:
        """Note that a sync point has released. A branch may have its name; no branch then depends on either."""
        self._note(point, ending)

    def _note(self, name: str, ending: Ending) -> None:
        self._ended[name] = ending
        for ticket in self._blocked.pop(name, ()):
            if ticket.missing and not ticket.thorough:
                continue
            ticket.hear(name, ending)
            if ticket.decided:
                self._fulfil(ticket)

    def free(self, branch_id: str) -> None:
        """Take back the turn of a branch, if it has one, and what it held."""
        ticket = self._running.pop(branch_id, None)
        if ticket is None:
            return
        if ticket.load is not None:
            self.loads.give_back(ticket.load)
        if ticket.claims:
            self._again(self._claims.give_back(ticket))

    def free_unused_loads(self) -> None:
        """Take back the cores of all branches that have their turn and have made no call."""
        for branch_id in list(self._running):
            load = self.load_of(branch_id)
            if load is not None:
                self.loads.give_back(load)

    def load_of(self, branch_id: str) -> Load | None:
        """The cores that a branch got with its turn, for its first call; None when that has been made."""
        ticket = self._running.get(branch_id)
        if ticket is None:
            return None
        load, ticket.load = ticket.load, None
        return load

    def holding(self, branch_id: str) -> Ticket | None:
        """The ticket of a running branch that holds any resource."""
        ticket = self._running.get(branch_id)
        return ticket if ticket is not None and ticket.claims else None

    def hold(self, ticket: Ticket) -> None:
        """Set aside what work of an earlier fan-out still holds, until `give_back`."""
        self._claims.take(ticket)

    def give_back(self, ticket: Ticket) -> None:
        """That work has ended."""
        self._again(self._claims.give_back(ticket))

    def admit(self, now: float) -> list[Ticket]:
        """The tickets whose turn has come. One that is `void` is not to run and takes no turn."""
        while self._early and self._early[0][0] <= now:
            ticket = heapq.heappop(self._early)[1]
            heapq.heappush(self._ready[ticket.load is not None], ticket)
        if self.grows_at <= now:
            self._limit, self._stirred_at = self._limit.stood_still(), now
        admitted, self._void = self._void, []
        while (chosen := self._next()) is not None:
            admitted.append(chosen)
            self._running[chosen.branch_id] = chosen
            if chosen.load is not None:
                self.loads.take(chosen.load)
        return admitted

    def admit_seconds(self) -> list[Load]:
        """Second calls of branches that may begin, since no branch waits for the cores."""
        waits = self._ready[True] and len(self._running) < self._limit.limit
        return [] if waits else self.loads.admit_seconds()

    def _next(self) -> Ticket | None:
        """The first in order that fits; those that lack a resource wait for it elsewhere."""
        while len(self._running) < self._limit.limit:
            ticket = self._first()
            if ticket is None:  # those that are left lack cores: they keep no resource from the others
                instead = self._claims.pass_on()
                if not instead:
                    return None
                self._again(instead)
                continue
            if not ticket.claims:
                return ticket
            name = self._claims.lacking(ticket)
            self._again(self._claims.wait(ticket, name) if name else self._claims.take(ticket))
            if not name:
                return ticket
        return None

    def _first(self) -> Ticket | None:
        burning, waiting = self._ready[True], self._ready[False]
        if burning and (not waiting or burning[0] < waiting[0]) and self._fits(burning[0]):
            return heapq.heappop(burning)
        if waiting:
            return heapq.heappop(waiting)
        return heapq.heappop(burning) if burning and self._fits(burning[0]) else None

    def _again(self, woken: list[Ticket]) -> None:
        for ticket in woken:
            heapq.heappush(self._ready[ticket.load is not None], ticket)

    def _fits(self, ticket: Ticket) -> bool:
        return ticket.load is None or self.loads.fits(ticket.load)
