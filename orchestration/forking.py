"""Copying a run as it stood at one of its checkpoints into a thread of its own; the original stays as it is."""

from __future__ import annotations

from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.channels import DeltaChannel
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.graph.state import CompiledStateGraph

from langgraph_quorum.orchestration.driving import Driver
from langgraph_quorum.orchestration.edits import Edit, apply_edit
from langgraph_quorum.orchestration.outcome import status_of
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.register import record_fork
from langgraph_quorum.orchestration.persistence.runs import find_run
from langgraph_quorum.orchestration.persistence.stored_run import StoredRun
from langgraph_quorum.state.errors import ConfigurationError, LeaseLostError

Graph = CompiledStateGraph[Any, Any, Any, Any]
Writes = dict[str, list[tuple[str, Any]]]


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
            forked_at = await _copy_checkpoint(graph, saver, source.thread_id, checkpoint_id, target)
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
    graph: Graph, saver: BaseCheckpointSaver[Any], source: str, checkpoint_id: str | None, target: RunnableConfig
) -> str:
    """Store one checkpoint of a thread as the only one of another thread.

    The latest one comes with what its tasks have stored: finished branches, questions, answers. After an earlier one
    the tasks that followed run again, as that is what going back means.

    Args:
        graph: Whose run it is.
        saver: Reads and writes.
        source: The thread.
        checkpoint_id: Which one; None for the latest.
        target: The config of the other thread, in which nothing is stored yet.

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
            found = await saver.aget_tuple(_config(source, checkpoint_id))
            if found is None:
                mend = f"thread {source!r} has no such checkpoint: its history lists those that there are"
                raise ConfigurationError("checkpoint_id", checkpoint_id, mend)
            saved = found
        if saved is latest:
            await _copy_writes(graph, saver, saved, target)
        # The checkpoint comes last: a copy that a crash cut short is none.
        await _copy_values(graph, saver, saved, target)
    return saved.checkpoint["id"]


async def _copy_values(
    graph: Graph, saver: BaseCheckpointSaver[Any], saved: CheckpointTuple, target: RunnableConfig
) -> None:
    """Every channel's value is new in the other thread, also those that did not change with this checkpoint."""
    checkpoint = saved.checkpoint.copy()
    checkpoint["channel_values"] = {
        **checkpoint["channel_values"],
        **await _rebuilt(graph, saver, saved),
    }
    metadata = saved.metadata.copy()
    metadata["source"] = "fork"
    metadata.pop("counters_since_delta_snapshot", None)
    await saver.aput(target, checkpoint, metadata, dict(checkpoint["channel_versions"]))


async def _rebuilt(graph: Graph, saver: BaseCheckpointSaver[Any], saved: CheckpointTuple) -> dict[str, Any]:
    """Values that a checkpoint keeps as changes since an earlier one, which the other thread does not have."""
    checkpoint = saved.checkpoint
    scattered = {
        name: channel
        for name, channel in graph.channels.items()
        if isinstance(channel, DeltaChannel)
        and name in checkpoint["channel_versions"]
        and name not in checkpoint["channel_values"]
    }
    if not scattered:
        return {}
    histories = await saver.aget_delta_channel_history(config=saved.config, channels=list(scattered))
    values = {}
    for name, spec in scattered.items():
        history = histories[name]
        channel = spec.from_checkpoint(history["seed"]) if "seed" in history else spec.from_checkpoint(spec.typ())
        channel.replay_writes(history["writes"])
        values[name] = channel.get()
    return values


async def _copy_writes(
    graph: Graph, saver: BaseCheckpointSaver[Any], saved: CheckpointTuple, target: RunnableConfig
) -> None:
    snapshot = await graph.aget_state(saved.config)
    paths = {task.id: _path_text(task.path) for task in snapshot.tasks}
    writes: Writes = {}
    for task_id, channel, value in saved.pending_writes or []:
        writes.setdefault(task_id, []).append((channel, value))
    at: RunnableConfig = {"configurable": {**target["configurable"], "checkpoint_id": saved.checkpoint["id"]}}
    for task_id, given in writes.items():
        await saver.aput_writes(at, given, task_id, paths.get(task_id, ""))


def _path_text(path: Any) -> str:
    """A task's path as LangGraph stores it; the order in which reducers see the writes of a superstep."""
    if isinstance(path, (tuple, list)):
        return f"~{', '.join(map(_path_text, path))}"
    return f"{path:010d}" if isinstance(path, int) else str(path)


def _config(thread_id: str, checkpoint_id: str | None = None) -> RunnableConfig:
    named = {} if checkpoint_id is None else {"checkpoint_id": checkpoint_id}
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": "", **named}}
