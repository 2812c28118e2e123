"""Which gate a branch belongs to: one for each superstep of each run, remembering what finished before a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import Context
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.types import INTERRUPT
from langgraph.config import get_config
from langgraph.errors import GraphBubbleUp
from langgraph.runtime import RunControl, Runtime

from langgraph_quorum.nodes.artifacts.shelf import shelf_of
from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.first_try import FirstTries
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.state.branch import TOKEN_KEY, BranchCall, Bundle, Wave
from langgraph_quorum.state.ports import RemembersWrites
from langgraph_quorum.state.workflow import QuorumContext

Key = tuple[int, str, str, str]

LINGER_S = 60.0
"""How long an empty meeting waits for branches that are still to come. A run that is cancelled just between two
branches, under a `max_concurrency`, says goodbye to nobody."""


class Meeting:
    """A gate and who has come. Holds the run's control, so that its id stays unique while the meeting is listed.

    *Departed* branches are counted, not present ones: under a `max_concurrency` the next branch may come only after the
    last has gone.

    Attributes:
        open_gate: The gate, once it is made.
        tries: What the branches of each specialist share, by its name, once the first of them has come.
        lasts: Whether each branch is to write what it leaves by itself: it is then known after a crash; or nobody can
            tell who is the last, since those that a `max_concurrency` holds back come to a meeting of their own.
        left: What those that have gone have left for the last one to take along.
    """

    def __init__(self, key: Key, control: RunControl | None) -> None:
        self._key, self._control = key, control
        self._loop = asyncio.get_running_loop()
        self.open_gate: Gate | None = None
        self.tries: dict[str, FirstTries] = {}
        self.lasts = True
        self._opening: asyncio.Task[Gate] | None = None
        self._announced: set[str] = set()
        self._present = self._departed = self._expected = 0
        self._broken = False
        self._lingering: asyncio.TimerHandle | None = None
        self.left: list[Any] = []

    @property
    def is_dead(self) -> bool:
        """Whether its event loop was closed while branches were there: nobody says goodbye any more."""
        return self._loop.is_closed()

    def come(self, calls: Sequence[BranchCall]) -> None:
        """Note that a bundle has come."""
        if self.open_gate is None:
            self._announced.update([call["item"]["branch_id"] for call in calls])
        self._present += 1
        if self._lingering is not None:
            self._lingering.cancel()

    async def gate(self, wave: Wave, crew: Crew, runtime: Runtime[QuorumContext]) -> Gate:
        """The gate of this fan-out, made when this is the first bundle to ask."""
        if self.open_gate is None and self._opening is None:
            saver = _saver()
            if saver is None:
                self.lasts = get_config().get("max_concurrency") is not None
                self.open_gate = self._made(wave, crew, runtime, [])
            else:
                self._opening = asyncio.create_task(self._open(saver, wave, crew, runtime), name="quorum:gate")
        if self.open_gate is None and self._opening is not None:
            self.open_gate = await asyncio.shield(self._opening)
        assert self.open_gate is not None  # noqa: S101  one of the two has made it
        return self.open_gate

    async def _open(
        self, saver: BaseCheckpointSaver[str], wave: Wave, crew: Crew, runtime: Runtime[QuorumContext]
    ) -> Gate:
        return self._made(wave, crew, runtime, await _written_before(saver, runtime))

    def _made(self, wave: Wave, crew: Crew, runtime: Runtime[QuorumContext], writes: Sequence[tuple[str, Any]]) -> Gate:
        points = crew.points.applied(runtime.context)
        finished = crew.remembered(writes, wave)
        if self._announced & finished.keys():
            # A finished branch starts only when a run is replayed or forked: then all of them start again.
            finished = {}
        self._expected = wave["total"] - len(finished)
        if finished and any(channel == INTERRUPT for channel, _ in writes):
            # A human was waited for. The quorum may have been met long ago: the answer must not come too late for it.
            points = points.patient()
        thread = runtime.execution_info.thread_id if runtime.execution_info is not None else None
        gate = Gate(
            points,
            wave,
            lambda: runtime.drain_requested,
            finished.values(),
            crew.resources,
            run=f"{thread}/{wave['run']}" if thread else wave["run"],
            token=get_config().get("configurable", {}).get(TOKEN_KEY),
        )
        gate.shelf = shelf_of(runtime.context) if crew.is_of_workflow else None
        return gate

    def is_last(self, count: int) -> bool:
        """Whether nobody is left or still to come, when a bundle of so many branches has gone."""
        return self._present == 1 and self._departed + count >= self._expected

    def go(self, count: int, *, broken: bool) -> None:
        """Note that a bundle of so many branches has gone. A broken meeting ends with the last that is there."""
        self._broken = self._broken or broken
        self._present -= 1
        self._departed += count
        if self._present:
            return
        if self._broken or self._departed >= self._expected:
            self._end()
        else:
            self._lingering = asyncio.get_running_loop().call_later(LINGER_S, self._end, context=Context())

    def _end(self) -> None:
        _meetings.pop(self._key, None)
        if self.open_gate is not None:
            self.open_gate.close()
            if self._broken:
                self.open_gate.turns.break_off()
        elif self._opening is not None:
            self._opening.cancel()


_meetings: dict[Key, Meeting] = {}


def open_meetings() -> int:
    """Fan-outs of this process that are under way."""
    return len(_meetings)


class meet:  # noqa: N801  a context manager, named as what one does
    """Join the meeting of this superstep.

    Meetings are told apart by the run's control, the namespace of the graph the branch runs in, the checkpoint, whose
    id all tasks of one superstep share, and the fan-out's `run`: one superstep may hold several fan-outs.
    """

    __slots__ = ("_count", "_meeting")

    def __init__(self, bundle: Bundle, runtime: Runtime[QuorumContext]) -> None:
        key = _key(runtime, bundle["wave"])
        meeting = _meetings.get(key)
        if meeting is None:
            for dead in [key for key, one in list(_meetings.items()) if one.is_dead]:
                _meetings.pop(dead, None)
            meeting = _meetings[key] = Meeting(key, runtime.control)
        self._meeting, self._count = meeting, len(bundle["calls"])
        meeting.come(bundle["calls"])

    def __enter__(self) -> Meeting:
        return self._meeting

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._meeting.go(self._count, broken=kind is not None and not issubclass(kind, GraphBubbleUp))


def _key(runtime: Runtime[QuorumContext], wave: Wave) -> Key:
    info = runtime.execution_info
    if info is None:
        raise RuntimeError("a quorum branch runs only as a node of a LangGraph graph")
    return id(runtime.control), info.checkpoint_ns.rpartition("|")[0], info.checkpoint_id, wave["run"]


async def _written_before(saver: BaseCheckpointSaver[str], runtime: Runtime[QuorumContext]) -> list[tuple[str, Any]]:
    """What this superstep's tasks had written, by channel, before this process came to it."""
    info = runtime.execution_info
    if info is None or info.thread_id is None:
        return []
    place = {
        "thread_id": info.thread_id,
        "checkpoint_ns": info.checkpoint_ns.rpartition("|")[0],
        "checkpoint_id": info.checkpoint_id,
    }
    writes = saver.take_writes(**place) if isinstance(saver, RemembersWrites) else None
    if writes is None:
        stored = await saver.aget_tuple({"configurable": dict(place)})
        writes = stored.pending_writes or [] if stored is not None else []
    return [(channel, value) for _, channel, value in writes]


def _saver() -> BaseCheckpointSaver[str] | None:
    """The checkpointer of the run, its own or one inherited from a parent graph, found by its type."""
    found = (value for value in get_config().get("configurable", {}).values() if isinstance(value, BaseCheckpointSaver))
    return next(found, None)
