"""Stands for LangGraph: runs the `Send`s of one superstep side by side, and keeps what each of them has written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

from langchain_core.runnables.config import var_child_runnable_config
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.serde.types import INTERRUPT
from langgraph.errors import GraphBubbleUp, GraphInterrupt
from langgraph.runtime import ExecutionInfo, RunControl, Runtime
from langgraph.types import Send

from langgraph_quorum.nodes.branching import rendezvous
from langgraph_quorum.nodes.branching.branch import branch_node
from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.state.branch import Bundle
from langgraph_quorum.state.decision import Release
from langgraph_quorum.state.records import BranchRecord
from tests.schedules.clock import VirtualLoop
from tests.schedules.journal import SITTING, Journal
from tests.schedules.world import World

How = Literal["done", "interrupted", "drained", "cancelled"]


@dataclass
class Superstep:
    """What is kept of a superstep, whatever becomes of the process: its `Send`s and the writes of its ended tasks."""

    name: str
    sends: Sequence[Send]
    written: dict[int, dict[str, BranchRecord]] = field(default_factory=dict)
    interrupts: dict[int, Any] = field(default_factory=dict)

    @property
    def records(self) -> dict[str, BranchRecord]:
        """By branch id, of all tasks that have ended."""
        return {branch_id: record for records in self.written.values() for branch_id, record in records.items()}


class Saver(BaseCheckpointSaver[str]):
    """A checkpointer that knows one superstep's writes."""

    def __init__(self, step: Superstep) -> None:
        super().__init__()
        self._step = step

    async def aget_tuple(self, config: Any) -> CheckpointTuple | None:
        writes = [(str(number), "branches", records) for number, records in self._step.written.items()]
        asked = [(str(number), INTERRUPT, what) for number, what in self._step.interrupts.items()]
        return CheckpointTuple(config, None, None, None, [*writes, *asked])  # type: ignore[arg-type]


def watched(gate: type[Gate], journal: Journal, loop: VirtualLoop) -> type[Gate]:
    """The gate, with every end and every release noted down before it has any consequence."""

    class Watched(gate):  # type: ignore[misc, valid-type]
        def __init__(
            self, points: Any, wave: Any, drain: Any, preset: Any = (), resources: Any = None, **whose: Any
        ) -> None:
            told = list(preset)
            journal.note(loop.time(), "gate", data=[record["branch_id"] for record in told])
            super().__init__(points, wave, drain, told, resources, **whose)
            self.any_point = [share["point"] for share in wave["shares"]][:1]
            self._note_growth(self.turns._admission)
            loop.quiet = lambda: journal.note(loop.time(), "quiet", sitting=sitting)

        def _note_growth(self, admission: Any) -> None:
            """A limit also grows while nothing ends: then, too, before anybody starts under the new one."""
            admit = admission.admit

            def noted(now: float) -> Any:
                before, admitted = admission.limit, admit(now)
                if admission.limit != before:
                    journal.note(loop.time(), "limit", data=admission.limit, sitting=sitting)
                return admitted

            admission.admit = noted

        def settle(self, record: BranchRecord, now: float | None = None) -> None:
            journal.note(loop.time(), "settle", record["branch_id"], record)
            super().settle(record, now)
            journal.note(loop.time(), "limit", data=self.progress(self.any_point)["at_once"], sitting=sitting)

        def _release(self, tally: Any, release: Release, now: float) -> None:
            journal.note(now, "release", tally.name, release.reason, sitting=sitting)
            super()._release(tally, release, now)

    sitting = SITTING.get()
    return Watched


class Sitting:
    """One attempt at a superstep, in one process."""

    def __init__(self, world: World, crew: Crew, step: Superstep, number: int) -> None:
        self._world, self._crew, self._step, self._number = world, crew, step, number
        self._control = RunControl()
        self._ways: set[How] = set()
        self._cancelled = False
        self._tasks: list[asyncio.Task[None]] = []
        most = world.scenario.max_concurrency
        self._room: Any = asyncio.Semaphore(most) if most else nullcontext()

    async def run(self) -> How:
        """How it ended: what is missing then is to be done in another."""
        config: Any = {"configurable": {"saver": Saver(self._step)}}
        config_token, sitting_token = var_child_runnable_config.set(config), SITTING.set(self._number)
        plain = vars(rendezvous)["Gate"]
        setattr(rendezvous, "Gate", watched(plain, self._world.journal, self._world.loop))  # noqa: B010
        try:
            left = [(number, send) for number, send in enumerate(self._step.sends) if number not in self._step.written]
            self._tasks = [asyncio.create_task(self._one(number, send), name=f"node:{number}") for number, send in left]
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            setattr(rendezvous, "Gate", plain)  # noqa: B010
            self._world.loop.quiet = lambda: None
            var_child_runnable_config.reset(config_token)
            SITTING.reset(sitting_token)
        how: How = "cancelled" if self._cancelled else max(self._ways, default="done", key=_weight)
        self._world.journal.note(self._world.loop.time(), "over", how, sitting=self._number)
        return how

    def drain(self) -> None:
        """Ask it to stop."""
        self._note("drain")
        self._control.request_drain("maintenance")

    def cancel(self) -> None:
        """Cancel it from outside, as whoever awaits the run can."""
        self._cancelled = True
        self._note("cancel")
        for task in self._tasks:
            task.cancel()

    def _note(self, kind: str) -> None:
        self._world.journal.note(self._world.loop.time(), kind, sitting=self._number)

    async def _one(self, number: int, send: Send) -> None:
        journal = self._world.journal
        bundle: Bundle = send.arg
        try:
            async with self._room:
                for call in bundle["calls"]:
                    journal.note(self._world.loop.time(), "come", call["item"]["branch_id"])
                node = branch_node(send.node, self._crew)
                update = await node(bundle, runtime=self._runtime(number))
            for _ in range(self._world.scenario.commit_lag):
                await asyncio.sleep(0)
            self._commit(number, update["branches"])
        except GraphInterrupt as error:
            self._ways.add("interrupted")
            if error.args[0]:
                self._step.interrupts[number] = error.args[0]
        except GraphBubbleUp:
            self._ways.add("drained")
        except asyncio.CancelledError:
            if not self._cancelled:
                journal.fault(f"task {number} of {send.node} was cancelled by nobody")
            raise
        except BaseException as error:  # noqa: BLE001  a branch never raises: this is what is looked for
            journal.fault(f"task {number} of {send.node} raised {error!r}")

    def _commit(self, number: int, records: dict[str, BranchRecord]) -> None:
        self._step.written[number] = dict(records)
        self._world.journal.note(self._world.loop.time(), "commit", data=list(records))

    def _runtime(self, number: int) -> Runtime[Any]:
        info = ExecutionInfo(self._step.name, f"node:{number}", str(number), "thread")
        return Runtime(control=self._control, execution_info=info)


def _weight(how: How) -> int:
    return ("done", "interrupted", "drained", "cancelled").index(how)
