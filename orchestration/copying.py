"""Storing one checkpoint of a thread in another thread, with all of its values."""

from __future__ import annotations

from typing import Any, Final

from langchain_core.runnables import RunnableConfig
from langgraph.channels import DeltaChannel
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.pregel import Pregel

COUNTERS: Final = "counters_since_delta_snapshot"
"""What LangGraph keeps with a checkpoint of a graph that has a `DeltaChannel`."""


async def copy_values(
    graph: Pregel[Any, Any, Any, Any] | None,
    saver: BaseCheckpointSaver[Any],
    saved: CheckpointTuple,
    target: RunnableConfig,
) -> None:
    """Store a checkpoint there. Every value is new in the other thread, also those that did not change with it.

    Args:
        graph: Whose checkpoint it is; None for one without a `DeltaChannel`.
        saver: Reads and writes.
        saved: The checkpoint.
        target: The config of the other thread, with the namespace.
    """
    checkpoint = saved.checkpoint.copy()
    rebuilt = {} if graph is None else await _rebuilt(graph, saver, saved)
    checkpoint["channel_values"] = {**checkpoint["channel_values"], **rebuilt}
    metadata = saved.metadata.copy()
    metadata["source"] = "fork"
    metadata.pop(COUNTERS, None)
    await saver.aput(target, checkpoint, metadata, dict(checkpoint["channel_versions"]))


async def _rebuilt(
    graph: Pregel[Any, Any, Any, Any], saver: BaseCheckpointSaver[Any], saved: CheckpointTuple
) -> dict[str, Any]:
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
