"""Reading what is durable of a run, without its graph: the command line has none."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.serde.types import ERROR, INTERRUPT, RESUME, TASKS
from langgraph.types import Interrupt, Send
from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.orchestration.sighting import Sighting, StepSeen, TaskSeen
from langgraph_quorum.state.errors import BlockedTypeError, SealError

_STEPS_AT_ONCE = 200
_READ_S = 60.0
_OVERLAP = 2
"""Supersteps that are read again: what a task of the last but one has stored may come in after its successor."""

_PULL, _PUSH = "~__pregel_pull", "~__pregel_push"
_BRANCHES, _DECISIONS = "branches", "sync"
_TOLD = frozenset({_BRANCHES, _DECISIONS, INTERRUPT})
_UNFINISHED = frozenset({ERROR, "__error_source_node__", INTERRUPT, RESUME})
_RESERVED = "__"
_SENT = "~"
"""In place of a version, where a node has seen none because it was sent to; greater than any."""

Signature = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the tables say of one superstep."""

    checkpoint_id: str
    ended_at: str | None
    tasks: Sequence[DictRow]

    @property
    def signature(self) -> Signature:
        """Changes when a task stores more."""
        return tuple((row["task_id"], tuple(row["channels"])) for row in self.tasks)


class RunReader:
    """Reads one thread again and again; what has not changed is not read twice.

    Args:
        saver: Reads checkpoints.
        pool: The same database.
        thread_id: The thread.
    """

    def __init__(self, saver: BaseCheckpointSaver[Any], pool: Pool, thread_id: str) -> None:
        self._saver, self._pool, self._thread_id = saver, pool, thread_id
        self._signatures: dict[str, Signature] = {}

    async def read(self, run: StoredRun, before: Sighting | None) -> Sighting:
        """How the run stands, from the last supersteps of the look before on.

        Raises:
            DatabaseError: the database cannot be used.
        """
        known = () if before is None else before.steps[-_OVERLAP:]
        since = next((step.checkpoint_id for step in known), "")
        rows, begun = await self._rows(since)
        steps = {step.checkpoint_id: step for step in known}
        if before is None and begun:
            steps[""] = await self._base(rows[0].checkpoint_id)
        for row in rows:
            kept = steps.get(row.checkpoint_id)
            if kept is None or row.signature != self._signatures.get(row.checkpoint_id) or not run.live:
                kept = StepSeen(row.checkpoint_id, tasks=tuple(await self._tasks(row, run)))
            steps[row.checkpoint_id] = replace(kept, ended_at=row.ended_at)
        self._signatures = {row.checkpoint_id: row.signature for row in rows[-_OVERLAP:]}
        return Sighting(run, tuple(steps.values()), complete=len(rows) < _STEPS_AT_ONCE)

    async def _rows(self, since: str) -> tuple[list[_Rows], bool]:
        """Supersteps from `since` on, and whether there was any before them."""
        statements, place = self._pool.statements("watching"), {"thread_id": self._thread_id, "since": since}
        async with borrowed(self._pool, f"watching thread {self._thread_id!r}") as connection:
            cursor = await connection.execute(statements["steps"], {**place, "limit": _STEPS_AT_ONCE})
            steps = await cursor.fetchall()
            until = steps[-1]["checkpoint_id"] if steps else since
            tasks = await (await connection.execute(statements["tasks"], {**place, "until": until})).fetchall()
        by_step: dict[str, list[DictRow]] = {row["checkpoint_id"]: [] for row in steps}
        for task in tasks:
            by_step.get(task["checkpoint_id"], []).append(task)
        ends = {row["checkpoint_id"]: after["at"] for row, after in itertools.pairwise(steps)}
        rows = [_Rows(name, ends.get(name), tasks) for name, tasks in by_step.items()]
        return rows, bool(steps and steps[0]["begun"])

    async def _tasks(self, rows: _Rows, run: StoredRun) -> list[TaskSeen]:
        """The tasks of a superstep; its checkpoint is read only when it has more to tell than the tables."""
        sent = any(row["task_path"].startswith(_PUSH) for row in rows.tasks)
        telling = sent or any(_TOLD.intersection(row["channels"]) for row in rows.tasks)
        stored = await self._tuple(rows.checkpoint_id) if telling else None
        written: dict[str, list[tuple[str, Any]]] = {}
        for task_id, channel, value in (stored.pending_writes or ()) if stored is not None else ():
            written.setdefault(task_id, []).append((channel, value))
        sends = _sends(stored)
        return [_task_seen(row, written.get(row["task_id"], ()), sends, run) for row in rows.tasks]

    async def _base(self, checkpoint_id: str) -> StepSeen:
        """What had happened before the first checkpoint that is left, as a thread that was pruned or forked has it."""
        stored = await self._tuple(checkpoint_id)
        values = {} if stored is None else stored.checkpoint["channel_values"]
        records = tuple(_records(values.get(_BRANCHES)))
        decisions = tuple(values.get(_DECISIONS) or ())
        nodes = [] if stored is None else nodes_seen(stored)
        told = TaskSeen("branches", ended=True, records=records, decisions=decisions)
        return StepSeen("", None, (told, *(TaskSeen(node, node, ended=True) for node in nodes)))

    async def _tuple(self, checkpoint_id: str) -> CheckpointTuple | None:
        """A checkpoint with its pending writes; None when only its own program can read it."""
        place = {"thread_id": self._thread_id, "checkpoint_ns": "", "checkpoint_id": checkpoint_id}
        try:
            with database_errors(f"reading thread {self._thread_id!r}"):
                async with asyncio.timeout(_READ_S):
                    return await self._saver.aget_tuple(RunnableConfig(configurable=place))
        except (BlockedTypeError, SealError):
            return None


def _task_seen(row: DictRow, written: Iterable[tuple[str, Any]], sends: Sequence[Send], run: StoredRun) -> TaskSeen:
    channels = set(row["channels"])
    ended = bool(channels - _UNFINISHED)
    records: list[Any] = []
    decisions: list[Any] = []
    questions: dict[str, Any] = {}
    for channel, value in written:
        if channel == _BRANCHES:
            records += _records(value)
        elif channel == _DECISIONS and isinstance(value, list):
            decisions += value
        elif channel == INTERRUPT:
            questions |= {asked.id: asked.value for asked in _interrupts(value)}
    pushed = row["task_path"].startswith(_PUSH)
    return TaskSeen(
        task_id=row["task_id"],
        node="" if pushed and records else _node(row["task_path"], sends),
        ended=ended,
        records=tuple(records),
        decisions=tuple(decisions),
        questions=questions,
        answered=ended or (RESUME in channels and run.status != "waiting"),
    )


def _node(task_path: str, sends: Sequence[Send]) -> str:
    """The node of a task; "" for LangGraph's own, and where it is not known."""
    kind, _, rest = task_path.partition(", ")
    if kind == _PULL:
        return "" if rest.startswith(_RESERVED) else rest
    position, _, _ = rest.partition(",")
    known = kind == _PUSH and position.isdecimal() and int(position) < len(sends)
    return sends[int(position)].node if known else ""


def _sends(stored: CheckpointTuple | None) -> list[Send]:
    """What the superstep was sent out with, in the order of the tasks' positions."""
    values = {} if stored is None else stored.checkpoint["channel_values"]
    return [sent for sent in values.get(TASKS) or () if isinstance(sent, Send)]


def _records(value: Any) -> Iterator[Any]:
    """The branch records in what was written to the channel: somebody else's may hold anything."""
    for record in value.values() if isinstance(value, Mapping) else ():
        if isinstance(record, Mapping) and "branch_id" in record and "status" in record:
            yield record


def _interrupts(value: Any) -> Iterator[Interrupt]:
    for asked in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(asked, Interrupt):
            yield asked


def nodes_seen(stored: CheckpointTuple) -> list[str]:
    """Nodes that had run by a checkpoint, each once, by the last version of a channel that it has seen."""
    last = {
        node: max(map(str, seen.values()), default=_SENT)
        for node, seen in stored.checkpoint["versions_seen"].items()
        if not node.startswith(_RESERVED)
    }
    return sorted(last, key=lambda node: last[node])
