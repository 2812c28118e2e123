"""Copying a run as it stood at one of its checkpoints into a thread of its own; the original stays as it is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.serde.types import INTERRUPT, RESUME
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Interrupt

from langgraph_quorum.orchestration.copying import copy_values
from langgraph_quorum.orchestration.driving import Driver
from langgraph_quorum.orchestration.edits import Edit, apply_edit
from langgraph_quorum.orchestration.memories import copy_memories
from langgraph_quorum.orchestration.naming import is_name
from langgraph_quorum.orchestration.outcome import status_of
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.register import record_fork
from langgraph_quorum.orchestration.persistence.runs import find_run
from langgraph_quorum.orchestration.persistence.stored_run import StoredRun
from langgraph_quorum.state.errors import ConfigurationError, LeaseLostError

Graph = CompiledStateGraph[Any, Any, Any, Any]
Writes = list[tuple[str, Any]]


async def fork_thread(driver: Driver, source: StoredRun, *, checkpoint_id: str | None, into: str, edit: Edit) -> None:
    """Copy a run into a thread of its own, edit the copy, and enter it as a run that nobody drives.

    Args:
        driver: Of the run's workflow; nothing is driven.
        source: The run.
        checkpoint_id: Which of its checkpoints; None for the latest.
        into: The thread for the copy.
        edit: What is different in it.

    Raises:
        ConfigurationError: the target exists, the checkpoint does not, or the edit does not fit.
        ThreadBusyError: somebody drives the target.
        ThreadNotFoundError: the run was deleted meanwhile.
        LeaseLostError: somebody has taken the target over.
        DatabaseError: the database cannot be used.
    """
    graph, pool, saver = driver.graph, driver.pool, driver.graph.checkpointer
    if not isinstance(saver, BaseCheckpointSaver):
        raise TypeError("the graph is compiled without a saver")
    async with hold_lease(pool, into) as lease:
        with database_errors(f"looking for thread {into!r}"):
            exists = await find_run(pool, into) is not None or await saver.aget_tuple(_config(into)) is not None
        if exists:
            raise ConfigurationError("into", into, "this thread exists: take another id, or delete it first")
        try:
            with database_errors(f"forking thread {source.thread_id!r}"):
                await saver.adelete_thread(into)  # what an earlier copy has left that a crash cut short
            target = fenced_config(into, lease.token)
            target["configurable"]["checkpoint_ns"] = ""
            anew = edit.values is not None
            forked_at = await _copy_checkpoint(driver, saver, source.thread_id, checkpoint_id, target, anew=anew)
            await apply_edit(edit, graph, into, lease.token)
            status = status_of(await driver.snapshot(into))
            await record_fork(
                pool,
                into,
                status,
                source=source,
                checkpoint_id=forked_at,
                token=lease.token,
                sealer=driver.sealer,
            )
        except LeaseLostError:
            raise  # the thread is somebody else's by now
        except BaseException:
            with database_errors(f"taking the copy {into!r} back"):
                await saver.adelete_thread(into)
            raise


async def _copy_checkpoint(
    driver: Driver,
    saver: BaseCheckpointSaver[Any],
    source: str,
    checkpoint_id: str | None,
    target: RunnableConfig,
    *,
    anew: bool,
) -> str:
    """Store one checkpoint of a thread as the only one of another thread.

    The latest one comes with what its tasks have stored: finished branches, questions, answers. After an earlier one
    the tasks that followed run again, as that is what going back means. Nested graphs remember what they did by then.

    Args:
        driver: Whose run it is.
        saver: Reads and writes.
        source: The thread.
        checkpoint_id: Which one; None for the latest.
        target: The config of the other thread, in which nothing is stored yet.
        anew: Whether the step that follows begins anew in the copy, whatever of it is finished.

    Returns:
        The checkpoint's id, which it keeps.

    Raises:
        ConfigurationError: the thread has no such checkpoint, or none at all.
        DatabaseError: the database cannot be used.
    """
    with database_errors(f"forking thread {source!r}"):
        latest = await saver.aget_tuple(_config(source))
        if latest is None:
            raise ConfigurationError(
                "thread_id", source, "it has not come to its first state: there is nothing to copy"
            )
        saved = latest
        if checkpoint_id not in (None, latest.checkpoint["id"]):
            found = await saver.aget_tuple(_config(source, checkpoint_id)) if is_name(checkpoint_id) else None
            if found is None:
                mend = f"thread {source!r} has no such checkpoint: its history lists those that there are"
                raise ConfigurationError("checkpoint_id", checkpoint_id, mend)
            saved = found
        done: Collection[str] = ()
        if saved is latest:
            finished = await _copy_writes(driver.graph, saver, saved, target)
            done = () if anew else finished
        await copy_memories(driver.pool, driver.graph, saver, saved, target, done=done)
        # The checkpoint comes last: a copy that a crash cut short is none.
        await copy_values(driver.graph, saver, saved, target)
    return saved.checkpoint["id"]


async def _copy_writes(
    graph: Graph, saver: BaseCheckpointSaver[Any], saved: CheckpointTuple, target: RunnableConfig
) -> set[str]:
    """Store what the tasks after a checkpoint have stored; gives the names of the nodes all of whose tasks are done.

    Questions of graphs nested in a task are left out: they begin anew in the copy, and no answer would reach them.
    """
    snapshot = await graph.aget_state(saved.config)
    paths = {task.id: _path_text(task.path) for task in snapshot.tasks}
    writes: dict[str, Writes] = {}
    for task_id, channel, value in saved.pending_writes or []:
        writes.setdefault(task_id, []).append((channel, value))
    at: RunnableConfig = {"configurable": {**target["configurable"], "checkpoint_id": saved.checkpoint["id"]}}
    places = {task.id: f"{task.name}:{task.id}" for task in snapshot.tasks}
    for task_id, given in writes.items():
        if kept := [write for write in given if not _asks_within(write, given, places.get(task_id))]:
            await saver.aput_writes(at, kept, task_id, paths.get(task_id, ""))
    going_on = {task.name for task in snapshot.tasks if task.result is None}
    return {task.name for task in snapshot.tasks} - going_on


def _asks_within(write: tuple[str, Any], given: Writes, place: str | None) -> bool:
    """Whether it is a question of a graph within the task, by its id, which is made of the place where it was asked.

    A task that has had answers itself may ask again under another id: that is taken for its own.
    """
    channel, asked = write
    if channel != INTERRUPT or place is None or any(name == RESUME for name, _ in given):
        return False
    own = Interrupt.from_ns(None, place).id
    questions = [one for one in (asked if isinstance(asked, (list, tuple)) else [asked]) if isinstance(one, Interrupt)]
    return bool(questions) and all(one.id != own for one in questions)


def _path_text(path: Any) -> str:
    """A task's path as LangGraph stores it; the order in which reducers see the writes of a superstep."""
    if isinstance(path, (tuple, list)):
        return f"~{', '.join(map(_path_text, path))}"
    return f"{path:010d}" if isinstance(path, int) else str(path)


def _config(thread_id: str, checkpoint_id: str | None = None) -> RunnableConfig:
    named = {} if checkpoint_id is None else {"checkpoint_id": checkpoint_id}
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": "", **named}}
