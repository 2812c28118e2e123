"""Which gate a branch belongs to: one for each superstep of each run, remembering what finished before a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.types import INTERRUPT
from langgraph.config import get_config
from langgraph.errors import GraphInterrupt
from langgraph.runtime import RunControl, Runtime

from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.state.branch import Bundle, Wave
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.workflow import QuorumContext

Key = tuple[int, str, str]

LINGER_S = 60.0
"""How long an empty meeting waits for branches that are still to come. A run that is cancelled just between two
branches, under a `max_concurrency`, says goodbye to nobody."""


@dataclass(eq=False)
class _Meeting:
    """A gate and who has come. Holds the run's control, so that its id stays unique while the meeting is listed."""

    control: RunControl | None
    gate: asyncio.Task[Gate] | None = None
    announced: set[str] = field(default_factory=set)
    present: int = 0
    departed: int = 0
    expected: int = 0
    broken: bool = False
    lingering: asyncio.TimerHandle | None = None


_meetings: dict[Key, _Meeting] = {}


def open_meetings() -> int:
    """Fan-outs of this process that are under way."""
    return len(_meetings)


@asynccontextmanager
async def meet(bundle: Bundle, crew: Crew, runtime: Runtime[QuorumContext]) -> AsyncIterator[Gate]:
    """Join the gate of this superstep, making it when this is the first bundle to come.

    Gates are told apart by the run's control, the namespace of the graph the branch runs in, and the checkpoint, whose
    id all tasks of one superstep share. *Departed* branches are counted, not present ones: under a `max_concurrency`
    the next branch may come only after the last has gone.
    """
    key = _key(runtime)
    meeting = _meetings.setdefault(key, _Meeting(runtime.control))
    meeting.announced.update(call["item"]["branch_id"] for call in bundle["calls"])
    meeting.present += 1
    if meeting.lingering is not None:
        meeting.lingering.cancel()
    try:
        if meeting.gate is None:
            opening = _open(meeting, bundle["wave"], crew, runtime)
            meeting.gate = asyncio.create_task(opening, name="quorum:gate")
        yield meeting.gate.result() if meeting.gate.done() else await asyncio.shield(meeting.gate)
    except GraphInterrupt:
        raise
    except BaseException:
        meeting.broken = True
        raise
    finally:
        meeting.present -= 1
        meeting.departed += len(bundle["calls"])
        if not meeting.present:
            if meeting.broken or meeting.departed >= meeting.expected:
                _end(key, meeting)
            else:
                meeting.lingering = asyncio.get_running_loop().call_later(LINGER_S, _end, key, meeting)


def _key(runtime: Runtime[QuorumContext]) -> Key:
    info = runtime.execution_info
    if info is None:
        raise RuntimeError("a quorum branch runs only as a node of a LangGraph graph")
    return id(runtime.control), info.checkpoint_ns.rpartition("|")[0], info.checkpoint_id


def _end(key: Key, meeting: _Meeting) -> None:
    _meetings.pop(key, None)
    if meeting.gate is None:
        return
    if not meeting.gate.done():
        meeting.gate.cancel()
    elif not meeting.gate.cancelled() and meeting.gate.exception() is None:
        meeting.gate.result().close()


async def _open(meeting: _Meeting, wave: Wave, crew: Crew, runtime: Runtime[QuorumContext]) -> Gate:
    points = crew.points.applied(runtime.context)
    writes = await _written_before(runtime)
    finished: dict[str, BranchRecord] = {
        branch_id: record for channel, value in writes if channel == "branches" for branch_id, record in value.items()
    }
    if meeting.announced & finished.keys():
        # A finished branch starts only when a run is replayed or forked: then all of them start again.
        finished = {}
    meeting.expected = wave["total"] - len(finished)
    if finished and any(channel == INTERRUPT for channel, _ in writes):
        # A human was waited for. The quorum may have been met long ago: the answer must not come too late for it.
        points = points.patient()
    return Gate(points, wave, lambda: runtime.drain_requested, finished.values(), crew.resources)


async def _written_before(runtime: Runtime[QuorumContext]) -> list[tuple[str, Any]]:
    """What this superstep's tasks had written, by channel, before this process came to it."""
    saver = _saver()
    info = runtime.execution_info
    if saver is None or info is None or info.thread_id is None:
        return []
    stored = await saver.aget_tuple(
        {
            "configurable": {
                "thread_id": info.thread_id,
                "checkpoint_ns": info.checkpoint_ns.rpartition("|")[0],
                "checkpoint_id": info.checkpoint_id,
            }
        }
    )
    writes = stored.pending_writes or [] if stored is not None else []
    return [(channel, value) for _, channel, value in writes]


def _saver() -> BaseCheckpointSaver[str] | None:
    """The checkpointer of the run, its own or one inherited from a parent graph, found by its type."""
    found = (value for value in get_config().get("configurable", {}).values() if isinstance(value, BaseCheckpointSaver))
    return next(found, None)
