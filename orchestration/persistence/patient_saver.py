"""The official saver, patient: a statement that a broken connection cut short is done again on a fresh one.

Every statement of the saver may be repeated: its inserts are upserts or do nothing on conflict.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_random_exponential

PATIENCE_S = 30.0
"""How long a statement is tried again while the database is away."""

P = ParamSpec("P")
T = TypeVar("T")


def is_passing(error: BaseException) -> bool:
    """Whether the connection is at fault, not the statement: trying again on another connection may help."""
    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)) and not isinstance(
        error, (psycopg.errors.DiskFull, psycopg.errors.ConfigurationLimitExceeded)
    )


class PatientPostgresSaver(AsyncPostgresSaver):
    """Reads and writes as its parent does; gives up with the parent's error when the database stays away."""

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """A checkpoint with its pending writes."""
        return await _patiently(super().aget_tuple, config)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Write a checkpoint."""
        return await _patiently(super().aput, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Write what one task has written."""
        await _patiently(super().aput_writes, config, writes, task_id, task_path)


async def _patiently(statement: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    retrying = AsyncRetrying(
        stop=stop_after_delay(PATIENCE_S),
        wait=wait_random_exponential(multiplier=0.05, max=2.0),
        retry=retry_if_exception(is_passing),
        reraise=True,
    )
    return await retrying(statement, *args, **kwargs)
