"""Drives a run to its end, through crashes, cancellations, drains and questions, from what was kept each time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from langgraph.types import Send

from langgraph_quorum.nodes.branching import harvest, lasting, rendezvous, stopping
from langgraph_quorum.nodes.coordinator import dispatch
from langgraph_quorum.state.branch import Bundle
from langgraph_quorum.state.reducers import merge_branches
from langgraph_quorum.state.workflow import QuorumState
from tests.schedules.clock import EndlessError, StoppedError, VirtualLoop
from tests.schedules.journal import Journal, Passed, SittingFacts
from tests.schedules.rounds import ENDS, RUN, SPECIALISTS, Rounds, begun
from tests.schedules.scenario import Disturbance, Scenario
from tests.schedules.superstep import Sitting, Superstep
from tests.schedules.world import World

NODE_S = 1e-4
"""What a node between two fan-outs takes."""
MOST_FAN_OUTS = 60
MOST_SITTINGS = 150
LATE_WAIT_S = 500.0
"""How long late results are waited for in the end."""
LAST_WAIT_S = 700.0
"""How long the process lives on after the run: longer than anything that was left behind may take."""


@dataclass
class Kept:
    """What survives a crash: the state of the last checkpoint, its next node, and the superstep that is under way."""

    state: QuorumState
    node: str = "coordinator"
    step: Superstep | None = None
    fan_outs: int = 0
    done: bool = False


@dataclass
class Played:
    """A run that is over, as it was observed."""

    scenario: Scenario
    journal: Journal
    steps: int
    state: QuorumState


class Driver:
    """Plays one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario, self._journal = scenario, Journal()
        self._rng = Random(scenario.seed)
        self._world = World(scenario, self._journal)
        self._kept = Kept(begun(scenario))
        self._left = list(scenario.disturbances)
        self._sittings = 0
        self._sitting: Sitting | None = None
        self._crew: Any = None
        self._rounds: Rounds

    def play(self) -> Played:
        """Run it to the end."""
        random.seed(self._scenario.seed)
        now, steps = 0.0, 0
        while not self._kept.done:
            loop = self._world.loop = VirtualLoop(self._rng, now)  # type: ignore[abstract]
            self._crew = self._world.crew()
            self._rounds = Rounds(self._scenario, self._crew, self._world.terms)
            self._set_disturbance(loop)
            try:
                loop.run(self._process())
            except StoppedError:
                self._journal.note(loop.time(), "crash")
            except EndlessError as error:
                self._journal.fault(f"the run does not end: {error}")
                self._kept.done = True
            self._bury(loop)
            now, steps = loop.time() + self._scenario.down_s, steps + loop.steps
        return Played(self._scenario, self._journal, steps, self._kept.state)

    def _set_disturbance(self, loop: VirtualLoop) -> None:
        if not self._left:
            return
        disturbance = self._left[0]
        at = loop.steps + disturbance.at
        if disturbance.blow == "crash":
            self._left.pop(0)
            loop.stop_at = at
        else:
            loop.at_step[at] = lambda: self._strike(loop, disturbance)

    def _strike(self, loop: VirtualLoop, disturbance: Disturbance) -> None:
        self._left.pop(0)
        if self._sitting is not None:
            blow: Callable[[], None] = self._sitting.cancel if disturbance.blow == "cancel" else self._sitting.drain
            blow()
        self._set_disturbance(loop)

    def _bury(self, loop: VirtualLoop) -> None:
        """The process is gone, with all that it knew."""
        self._journal.faults += [] if self._journal.deaf else loop.complaints
        self._world.dead = self._journal.deaf = True
        loop.kill()
        for module in (harvest, lasting, rendezvous, stopping):
            for name, value in vars(module).items():
                if name.startswith("_") and not name.startswith("__") and isinstance(value, (dict, set)):
                    value.clear()
        self._world.dead = self._journal.deaf = False
        self._sitting = None

    # -- one process --------------------------------------------------------------------------------------------------

    async def _process(self) -> None:
        kept = self._kept
        while self._sittings < MOST_SITTINGS and kept.fan_outs < MOST_FAN_OUTS:
            if kept.node in ENDS:
                break
            await (self._sit() if kept.node == SPECIALISTS else self._pass())
        else:
            self._journal.fault(f"the run does not end: {self._sittings} sittings, {kept.fan_outs} fan-outs")
        await self._end()

    async def _pass(self) -> None:
        """One node between two fan-outs."""
        kept, node = self._kept, self._kept.node
        await asyncio.sleep(self._scenario.merging_s if node == "merger" else NODE_S)
        held = {name for name in kept.state["branches"] if harvest.holds(RUN, name)}
        before = kept.state
        try:
            kept.state, kept.node, late = await self._rounds.passed(node, before)
        except Exception as error:  # noqa: BLE001  no node raises: this is what is looked for
            self._journal.fault(f"{node} raised {error!r}")
            self._sittings = MOST_SITTINGS
            return
        now = self._world.loop.time()
        if node == "sync_point":
            self._journal.note(now, "late", data=late)
        given_up = frozenset(name for name in held - late.keys() if not harvest.holds(RUN, name))
        self._journal.note(now, "node", node, Passed(before, kept.state, given_up))
        if node == "coordinator":
            sends: list[Send] = dispatch(self._scenario.fan_out(self._crew.seats))(kept.state)
            kept.step = Superstep(f"step-{kept.fan_outs}", sends)
            kept.fan_outs += 1

    async def _sit(self) -> None:
        kept, number = self._kept, self._sittings
        assert kept.step is not None
        bundles: list[Bundle] = [send.arg for send in kept.step.sends]
        facts = SittingFacts(kept.state["round"], bundles, dict(kept.step.records), bool(kept.step.interrupts))
        self._journal.note(self._world.loop.time(), "sitting", kept.step.name, facts, number)
        self._sittings += 1
        self._sitting = Sitting(self._world, self._crew, kept.step, number)
        how = await self._sitting.run()
        self._sitting = None
        if how == "interrupted":
            self._answer(kept.step)
        elif how == "done":
            self._apply(kept.step)

    def _answer(self, step: Superstep) -> None:
        """A human answers one question, or all of them."""
        missing = {
            call["item"]["branch_id"]
            for number, send in enumerate(step.sends)
            if number not in step.written
            for call in send.arg["calls"]
        }
        open_ones = sorted(missing & (self._world.asked - self._world.answered))
        if not open_ones:
            self._journal.fault(f"the run waits for a human, but {sorted(missing)} ask nothing")
            self._sittings = MOST_SITTINGS
        elif self._rng.random() < 0.5:
            self._world.answered.add(open_ones[0])
        else:
            self._world.answered.update(open_ones)

    def _apply(self, step: Superstep) -> None:
        """The barrier has fallen: the next checkpoint."""
        kept, active = self._kept, self._kept.state["active"]
        if step.records.keys() != set(active):
            self._journal.fault(f"the superstep is done with records of {sorted(step.records)}, sent were {active}")
            self._sittings = MOST_SITTINGS
            return
        kept.state = {**kept.state, "branches": merge_branches(kept.state["branches"], step.records)}
        kept.step, kept.node = None, "sync_point"

    async def _end(self) -> None:
        """The run is over; the process waits for what it has left behind, and for what lingers."""
        loop, kept = self._world.loop, self._kept
        harvest.left_by(RUN)
        late = await harvest.late_results(RUN, LATE_WAIT_S)
        self._journal.note(loop.time(), "late", data=dict(late))
        kept.state = {**kept.state, "branches": merge_branches(kept.state["branches"], late)}
        await asyncio.sleep(LAST_WAIT_S)
        kept.done = True
        self._journal.note(loop.time(), "done", data=dict(kept.state["branches"]))
        self._look_around(loop)

    def _look_around(self, loop: VirtualLoop) -> None:
        """What has been left behind: nothing, but work that may run for ever because nothing bounds it."""
        left = [task.get_name() for task in loop.tasks if not task.done() and task is not asyncio.current_task()]
        if left and not self._scenario.endless:
            self._journal.fault(f"tasks were left behind: {left}")
        if rendezvous.open_meetings():
            self._journal.fault(f"meetings left open: {rendezvous.open_meetings()}")
        if harvest.listed() and not self._scenario.endless:
            self._journal.fault(f"late results still listed: {harvest.listed()}")
