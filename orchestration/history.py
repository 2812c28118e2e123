"""The checkpoints of a run, read without its graph: the command line has none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.serde.types import TASKS
from langgraph.types import Send

from langgraph_quorum.orchestration.naming import check_stored, is_name
from langgraph_quorum.orchestration.outcome import ours
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import find_run
from langgraph_quorum.state.errors import ConfigurationError, ThreadNotFoundError

_MOST = 1000
_ONE, _ALL = "branch:to:", "join:"
"""Channels that start a node: `branch:to:NODE` by any write, `join:A+B:NODE` once all of these have written."""


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A state that a run has stood in, and can be forked from.

    Attributes:
        checkpoint_id: Its id within the thread; later ones are greater.
        parent_id: The one before it; None for the first.
        step: -1 for the input, then counted up.
        source: What made it: `input`, `loop` (a superstep), `update` (an edit) or `fork`.
        created_at: By the clock of whoever drove the run.
        next: Names of the nodes that follow, each once; a fan-out's specialists among them. Empty at the end.
        tasks: How many tasks follow: nodes, and branches or bundles of a fan-out.
        written: Tasks of those that follow that have stored their result, or their question.
        writers: Names of the nodes whose superstep ended with this checkpoint.
        status: The workflow's status so far; None before its end, and for other graphs.
        round: The workflow's round; None for other graphs.
    """

    checkpoint_id: str
    parent_id: str | None
    step: int
    source: str
    created_at: datetime | None
    next: tuple[str, ...]
    tasks: int
    written: int
    writers: tuple[str, ...]
    status: str | None
    round: int | None


async def read_history(
    saver: BaseCheckpointSaver[Any], thread_id: str, *, limit: int = 50, before: str | None = None
) -> list[StoredCheckpoint]:
    """Checkpoints of a run, the newest first, as the saver reads them. Those of nested graphs are left out.

    The other arguments, and the errors, are those of `StoredRuns.history`.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _MOST:
        raise ConfigurationError("limit", limit, f"give a whole number from 1 to {_MOST}")
    check_stored(thread_id)
    if before is not None and not is_name(before):
        raise ConfigurationError("before", before, "give the id of a checkpoint, or None")
    with database_errors(f"reading the history of thread {thread_id!r}"):
        found = [_read(saved) async for saved in _listed(saver, thread_id, limit + 1, before)]
        if not found and (before is None or await saver.aget_tuple(_config(thread_id)) is None):
            raise ThreadNotFoundError(thread_id)
        if before is not None and await saver.aget_tuple(_config(thread_id, before)) is None:
            mend = f"thread {thread_id!r} has no such checkpoint: take the id of one that its history names"
            raise ConfigurationError("before", before, mend)
    following = {step.checkpoint_id: step.next for step in found}
    return [
        replace(step, writers=following.get(step.parent_id or "", ())) if step.source == "loop" else step
        for step in found[:limit]
    ]


async def history_of(
    pool: Pool, saver: BaseCheckpointSaver[Any], thread_id: str, *, limit: int = 50, before: str | None = None
) -> list[StoredCheckpoint]:
    """The same of a run that the register knows: [] for one that has not come to its first checkpoint.

    The other arguments, and the errors, are those of `StoredRuns.history`.
    """
    try:
        return await read_history(saver, thread_id, limit=limit, before=before)
    except ThreadNotFoundError:
        if await find_run(pool, thread_id) is None:
            raise
        return []


async def awaited_nodes(saver: BaseCheckpointSaver[Any], thread_id: str, known: Collection[str]) -> tuple[str, ...]:
    """Names of the nodes that a run waits for by its latest checkpoint, each once, whether its graph has them or not.

    Args:
        saver: Reads checkpoints.
        thread_id: The thread.
        known: Names of the graph's channels. Of a join that is not among them, and that some node has reached, the
            nodes count that it joins, and the one that follows: it will never be complete.

    Raises:
        DatabaseError: the database cannot be used.
        BlockedTypeError: the run holds a class that was not allowed to this saver.
    """
    with database_errors(f"reading thread {thread_id!r}"):
        saved = await saver.aget_tuple(_config(thread_id))
    if saved is None:
        return ()
    names = list(_following(saved))
    for channel, reached in saved.checkpoint["channel_values"].items():
        if channel.startswith(_ALL) and channel not in known and _reached(reached):
            joined, _, node = channel.removeprefix(_ALL).rpartition(":")
            names += [*joined.split("+"), node]
    return tuple(dict.fromkeys(names))


async def _listed(
    saver: BaseCheckpointSaver[Any], thread_id: str, limit: int, before: str | None
) -> AsyncIterator[CheckpointTuple]:
    older = None if before is None else _config(thread_id, before)
    async with aclosing(saver.alist(_config(thread_id), before=older, limit=limit)) as listed:  # type: ignore[type-var]
        async for saved in listed:
            yield saved


def _read(saved: CheckpointTuple) -> StoredCheckpoint:
    values = saved.checkpoint["channel_values"]
    names = list(_following(saved))
    status, number = (values.get("status"), values.get("round")) if ours(values) else (None, None)
    return StoredCheckpoint(
        checkpoint_id=saved.checkpoint["id"],
        parent_id=None if saved.parent_config is None else saved.parent_config["configurable"]["checkpoint_id"],
        step=saved.metadata.get("step", -1),
        source=saved.metadata.get("source", "loop"),
        created_at=_moment(saved.checkpoint.get("ts")),
        next=tuple(dict.fromkeys(names)),
        tasks=len(names),
        written=len({task_id for task_id, channel, _ in saved.pending_writes or [] if _tells(task_id, channel)}),
        writers=(),
        status=status if isinstance(status, str) else None,
        round=number if isinstance(number, int) else None,
    )


def _following(saved: CheckpointTuple) -> Iterator[str]:
    """Names of the tasks that follow a checkpoint, from LangGraph's names of the channels that start nodes."""
    values, seen = saved.checkpoint["channel_values"], saved.checkpoint["versions_seen"]
    for send in values.get(TASKS) or ():
        if isinstance(send, Send):
            yield send.node
    for channel, version in saved.checkpoint["channel_versions"].items():
        if channel not in values or _deferred(values[channel]):
            continue
        if channel == "__start__":
            node = channel
        elif channel.startswith(_ONE):
            node = channel.removeprefix(_ONE)
        elif channel.startswith(_ALL):
            awaited, _, node = channel.removeprefix(_ALL).rpartition(":")
            if not _complete(awaited, _reached(values[channel])):
                continue
        else:
            continue
        if version != seen.get(node, {}).get(channel):
            yield node


def _deferred(value: Any) -> bool:
    """Whether a node with `defer` waits for all others to end: the channel that starts it keeps (value, ended)."""
    return isinstance(value, tuple | list) and value[-1:] in ([False], (False,))


def _reached(value: Any) -> set[str]:
    """The nodes that have reached a join; that of a node with `defer` keeps (names, ended)."""
    return set((value[0] if isinstance(value, tuple | list) else value) or ())


def _complete(awaited: str, reached: set[str]) -> bool:
    """Whether a join has been reached by all that it waits for, `A+B`; a name may hold a + of its own."""
    return reached == set(awaited.split("+")) or len("+".join(reached)) == len(awaited)


def _tells(task_id: str, channel: str) -> bool:
    """Whether a write is what a task has given; LangGraph's own carry no task's id, or an error."""
    return bool(task_id.strip("0-")) and channel not in ("__error__", "__resume__", "__scheduled__")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _config(thread_id: str, checkpoint_id: str | None = None) -> RunnableConfig:
    named = {} if checkpoint_id is None else {"checkpoint_id": checkpoint_id}
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": "", **named}}
