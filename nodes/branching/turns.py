"""Turns on a clock: `Admission` says whose turn it is, here they wait for it."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from contextvars import Context
from functools import partial
from typing import Any

from langgraph_quorum.nodes.branching import lasting
from langgraph_quorum.nodes.branching.admission import Admission
from langgraph_quorum.nodes.branching.loads import Load
from langgraph_quorum.nodes.branching.ticket import Ending, Ticket
from langgraph_quorum.state.branch import Wave

LOOK_S = 0.1
"""How often those that wait for cores are looked at, while those that run are measured."""


class Turns:
    """Gives the branches of one fan-out their turns. Lives on one event loop."""

    def __init__(self, wave: Wave, resources: Mapping[str, float] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._run = wave["run"]
        self._admission = Admission(wave, self._loop.time(), resources)
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._calls: dict[Load, asyncio.Future[None]] = {}
        self._running_on: Counter[str] = Counter()
        self._start: asyncio.TimerHandle | None = None
        self._closed = False
        for ticket, task in lasting.held(self._run):
            self._admission.hold(ticket)
            task.add_done_callback(partial(self._give_back, ticket))

    @property
    def running(self) -> int:
        """Branches that hold a turn."""
        return self._admission.running

    @property
    def limit(self) -> int:
        """Branches that may run at once right now."""
        return self._admission.limit

    def now(self, branch_id: str) -> bool:
        """Give a branch that asks for nothing but a turn its turn at once, if one is free."""
        return self._admission.enter(branch_id)

    async def wait(self, ticket: Ticket) -> None:
        """Wait until this branch may start, or until its ticket is void."""
        self._admission.queue(ticket)
        if self._give(ticket):
            return
        turn: asyncio.Future[None] = self._loop.create_future()
        self._waiting[ticket.branch_id] = turn
        try:
            await turn
        finally:
            self._waiting.pop(ticket.branch_id, None)

    async def call(self, branch_id: str, load: Load) -> Load:
        """Wait until a running branch may make a call that takes so much of the cores.

        Its first call takes what came with its turn. Work that goes on when the fan-out is over waits all the same.

        Returns:
            What `call_ended` is to be told.
        """
        first = self._admission.load_of(branch_id)
        if first is not None:
            return first
        begun = self._calls[load] = self._loop.create_future()
        self._admission.loads.waiting[load] = None
        self._give()
        try:
            await begun
        except asyncio.CancelledError:
            self.call_ended(load)
            raise
        finally:
            del self._calls[load]
        return load

    def break_off(self) -> None:
        """Whoever ran these branches was cancelled: cores that came with a turn and are not in use yet are free."""
        self._admission.free_unused_loads()
        self.give()

    def call_ended(self, load: Load) -> None:
        """Note that a call takes nothing of the cores any more."""
        self._admission.loads.give_back(load)
        self.give()

    def ended(self, branch_id: str, ending: Ending, now: float) -> None:
        """Note that a branch has ended. Its turn is free, unless its work runs on."""
        freed = branch_id not in self._running_on
        self._admission.ended(branch_id, ending, now, freed=freed)

    def released(self, point: str, ending: Ending) -> None:
        """Note that a sync point has released."""
        self._admission.released(point, ending)

    def runs_on(self, branch_id: str, work: asyncio.Future[Any]) -> None:
        """Note that work of a branch outlives it: it keeps its turn, and what it holds, until all of it is done."""
        self._running_on[branch_id] += 1
        ticket = self._admission.holding(branch_id)
        if ticket is not None and self._run:
            lasting.keep(self._run, ticket, work)
        work.add_done_callback(lambda _: self._has_ended(branch_id))

    def give(self) -> None:
        """Tell those whose turn has come."""
        if self._admission.waiting:
            self._give()

    def _give(self, asking: Ticket | None = None) -> bool:
        """Tell those whose turn has come. Says whether the one that is asking is among them."""
        granted = False
        self._begin(self._admission.loads.admit())
        if self._closed:
            self._begin(self._admission.loads.admit_seconds())
            return False
        admitted = self._admission.admit(self._loop.time())
        while admitted:
            handed_back = False
            for ticket in admitted:
                turn = self._waiting.get(ticket.branch_id)
                if ticket is asking:
                    granted = True
                elif turn is not None:
                    if not turn.done():
                        turn.set_result(None)
                elif not ticket.void:  # its task was cancelled while it waited: the turn is free for another
                    self._admission.free(ticket.branch_id)
                    handed_back = True
            admitted = self._admission.admit(self._loop.time()) if handed_back else []
        self._begin(self._admission.admit_seconds())
        due = min(self._admission.next_start, self._admission.grows_at)
        if self._start is not None or due < math.inf or self._admission.may_fit_soon:
            self._set_start(due)
        return granted

    def _begin(self, loads: Iterable[Load]) -> None:
        for load in loads:
            begun = self._calls[load]
            if not begun.done():
                begun.set_result(None)

    def _set_start(self, due: float) -> None:
        if self._admission.may_fit_soon:
            due = min(due, self._loop.time() + LOOK_S)
        if self._start is not None:
            if self._start.when() == due:
                return
            self._start.cancel()
            self._start = None
        if math.isfinite(due):
            self._start = self._loop.call_at(due, self._on_start, context=Context())

    def _on_start(self) -> None:
        self._start = None
        self._give()

    def _has_ended(self, branch_id: str) -> None:
        """The work of a branch that has settled before has ended: its turn is free."""
        self._running_on[branch_id] -= 1
        if not self._running_on[branch_id]:
            del self._running_on[branch_id]
            self._admission.free(branch_id)
            self._give()

    def _give_back(self, ticket: Ticket, _: object) -> None:
        """The work of an earlier fan-out has ended: what it held is free."""
        self._admission.give_back(ticket)
        self._give()

    def close(self) -> None:
        """Nobody gets a turn any more. What goes on all the same still waits for cores, and gets them."""
        self._closed = True
        if self._start is not None:
            self._start.cancel()
            self._start = None
