"""The gate: where the branches of one fan-out meet. A thin shell around `decide`, with a clock.

LangGraph ends a superstep when all its tasks have ended. So every branch races its work against this gate: when all
sync points that count a branch have released, the straggler's task returns at once, and the barrier falls while the
work itself may still be running.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Context
from typing import Any

from langgraph_quorum.nodes.artifacts.shelf import Shelf
from langgraph_quorum.nodes.branching.deadlines import Deadlines
from langgraph_quorum.nodes.branching.tally import Tally
from langgraph_quorum.nodes.branching.ticket import Ending
from langgraph_quorum.nodes.branching.turns import Turns
from langgraph_quorum.state.branch import Wave
from langgraph_quorum.state.decision import Release, Wait
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import BranchRecord, Missed

_NONE_MISSED: dict[str, Missed] = {}

DRAIN_LOOK_S = 0.1
"""How often a drain request is looked for: LangGraph's run control has no event to wait on."""


class Gate:
    """One fan-out's rendezvous. Lives on one event loop; all times are that loop's.

    Attributes:
        now: The clock, in seconds.
        opened_at: When the fan-out began.
        turns: Who may run.
        deadlines: How long attempts may take.
        pauses: Whether a branch has asked a human in a way that pauses the run; told by its visit.
        shelf: Where large texts are; None where the run has no artifact store.
        run: What the idempotency keys of its branches begin with.
        token: Of the driver's lease; None without one.
    """

    def __init__(
        self,
        points: Points,
        wave: Wave,
        drain_requested: Callable[[], bool],
        preset: Iterable[BranchRecord] = (),
        resources: Mapping[str, float] | None = None,
        *,
        run: str = "",
        token: int | None = None,
    ) -> None:
        self.run, self.token = run, token
        self.shelf: Shelf | None = None
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self._drain_requested = drain_requested
        self.opened_at = now = self._loop.time()
        self._tallies = {share["point"]: Tally(points.policies[share["point"]], share, now) for share in wave["shares"]}
        self._open = set(self._tallies)
        self._results: dict[str, Any] = {}
        self._awaiting: set[str] = set()
        self.pauses = False
        self._bells: dict[str, tuple[Callable[[], object], Sequence[str]]] = {}
        self.turns = Turns(wave, resources)
        self.deadlines = Deadlines()
        self._deadline: asyncio.TimerHandle | None = None
        self._drain_timer: asyncio.TimerHandle | None = None
        for record in preset:
            self._count(record, now)
        self._consider(self._tallies.values())
        if self._open:
            self._look_for_drain()

    # -- what a branch does -------------------------------------------------------------------------------------------

    def progress(self, points: Sequence[str]) -> dict[str, Any]:
        """How far the first of these sync points has come, and how many branches of the fan-out are running."""
        return self._tallies[points[0]].progress(self.turns.running, self.turns.limit)

    def results_of(self, names: Iterable[str], earlier: Mapping[str, Any]) -> dict[str, Any]:
        """What prerequisites have given: of a branch its result, of a sync point those it had when it released.

        Args:
            names: Of prerequisites in this fan-out.
            earlier: What prerequisites have given in earlier fan-outs.
        """
        found = dict(earlier)
        for name in names:
            if name in self._results:
                found[name] = self._results[name]
            elif name in self._tallies:
                found[name] = {**found.get(name, {}), **self._tallies[name].results}
        return found

    def without_points(self, names: Iterable[str]) -> frozenset[str]:
        """Those names that are no sync point of this fan-out."""
        return frozenset(name for name in names if name not in self._tallies)

    def awaits_human(self, name: str) -> bool:
        """Whether this branch ended by asking a human, or one of this sync point's did."""
        return name in self._awaiting or (name in self._tallies and self._tallies[name].asking)

    def released(self, points: Sequence[str]) -> Release | None:
        """How the last of these sync points has released; None while one of them is open."""
        return self._tallies[self.last_of(points)].release if self._open.isdisjoint(points) else None

    def last_of(self, points: Sequence[str]) -> str:
        """Which of these sync points was the last to release; at the same moment, one for which it is to run again."""
        tallies = [self._tallies[name] for name in points]
        drained = Release("drained")
        return max(tallies, key=lambda tally: (tally.released_at, tally.release == drained)).name

    def missed(self, points: Sequence[str], *, drained: bool = False) -> dict[str, Missed]:
        """Those of these sync points that have released, with reason and time.

        Args:
            points: Of the branch.
            drained: Whether those count that released because the run is to stop: they decide when it goes on.
        """
        if self._open.issuperset(points):
            return _NONE_MISSED
        tallies = [self._tallies[name] for name in points if name not in self._open]
        return {
            tally.name: Missed(reason=tally.release.reason, at_s=round(tally.released_at - self.opened_at, 6))
            for tally in tallies
            if tally.release is not None and (drained or tally.release.reason != "drained")
        }

    def listen(self, branch_id: str, points: Sequence[str], ring: Callable[[], object]) -> None:
        """Have this called once all these sync points have released, until `unlisten`."""
        self._bells[branch_id] = ring, points

    def unlisten(self, branch_id: str) -> None:
        """That branch is not to be told any more."""
        self._bells.pop(branch_id, None)

    def settle(self, record: BranchRecord, now: float | None = None) -> None:
        """Note how a branch ended and decide anew.

        Args:
            record: How it ended.
            now: The time, where it was just asked for.
        """
        moved = self._count(record, self.now() if now is None else now)
        if moved:
            self._consider(moved)
        self.turns.give()

    # -- what the gate does -------------------------------------------------------------------------------------------

    def _count(self, record: BranchRecord, now: float) -> list[Tally]:
        """Count a branch's end; gives the sync points whose decision that may move."""
        branch_id = record["branch_id"]
        ending: Ending = "excused" if record["excused"] else "failed"
        if record["status"] == "succeeded":
            ending = "succeeded"
            self._results[branch_id] = record["result"]
        elif record["status"] == "awaiting_human":
            self._awaiting.add(branch_id)
        moved = [
            tally
            for name in record["points"]
            if name in self._open and (tally := self._tallies[name]).count(record, now)
        ]
        self.turns.ended(branch_id, ending, now)
        return moved

    def _consider(self, tallies: Iterable[Tally]) -> None:
        now = self._loop.time()
        for tally in tallies:
            if tally.release is None and isinstance(decision := tally.decide(now), Release):
                self._release(tally, decision, now)
        self._set_deadline(now)

    def _set_deadline(self, now: float) -> None:
        waits = [self._tallies[name].decide(now) for name in self._open]
        due = min((wait.until for wait in waits if isinstance(wait, Wait)), default=math.inf)
        if self._deadline is not None:
            if self._deadline.when() == due:
                return
            self._deadline.cancel()
            self._deadline = None
        if math.isfinite(due):
            self._deadline = self._loop.call_at(due, self._on_deadline, context=Context())

    def _on_deadline(self) -> None:
        self._deadline = None
        self._consider(self._tallies.values())
        self.turns.give()

    def _release(self, tally: Tally, release: Release, now: float) -> None:
        tally.release, tally.released_at = release, now
        self._open.discard(tally.name)
        ending: Ending = "succeeded" if tally.viable else "failed"
        self.turns.released(tally.name, "excused" if tally.excused else ending)
        if not self._open:
            self.close()
        for ring, points in list(self._bells.values()):
            if tally.name in points and self._open.isdisjoint(points):
                ring()

    def _look_for_drain(self) -> None:
        if self._drain_requested():
            now = self._loop.time()
            for name in sorted(self._open):
                self._release(self._tallies[name], Release("drained"), now)
        else:
            self._drain_timer = self._loop.call_later(DRAIN_LOOK_S, self._look_for_drain, context=Context())

    def close(self) -> None:
        """Stop the clock."""
        self.turns.close()
        self.deadlines.close()
        for timer in (self._deadline, self._drain_timer):
            if timer is not None:
                timer.cancel()
        self._deadline = self._drain_timer = None
