"""Reading checkpoints: each read on a connection of its own, patient, and sealed values opened where they lie.

The official saver puts one lock around everything. Its seam for connections is `_cursor`, a private name; the others
overridden here are where rows become values.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import partial
from typing import Any, TypeAlias, cast

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple, DeltaChannelHistory, get_checkpoint_id
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from psycopg import AsyncCursor
from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.containment import as_json, contains
from langgraph_quorum.orchestration.persistence.saving.gathering import Gathering
from langgraph_quorum.orchestration.persistence.saving.patience import patiently
from langgraph_quorum.orchestration.persistence.saving.sealed import Sealed
from langgraph_quorum.state.errors import ConfigurationError, SealError

Place: TypeAlias = tuple[str, str]
"""A thread and a namespace of its checkpoints."""

_READING = "reading checkpoints"
_WITH_ITS_SENDS = 4  # the version of checkpoints from which on they hold what was sent
_LATEST = f"""
SELECT latest.* FROM unnest(%(thread_ids)s::text[], %(namespaces)s::text[]) AS asked (thread_id, checkpoint_ns)
CROSS JOIN LATERAL ({AsyncPostgresSaver.SELECT_SQL}
    WHERE thread_id = asked.thread_id AND checkpoint_ns = asked.checkpoint_ns ORDER BY checkpoint_id DESC LIMIT 1
) AS latest"""  # noqa: S608  the official saver's own statement
_LARGE_BYTES = 65_536  # what takes longer to decode than asking a thread does


class PatientReader(AsyncPostgresSaver):
    """The official saver with reads side by side, each done again for up to 30 seconds while the database is away."""

    def __init__(self, pool: Pool, serde: SerializerProtocol, sealed: Sealed | None) -> None:
        super().__init__(pool, serde=serde)
        self._pool = pool
        self._sealed = sealed
        self._latest = Gathering(self._read_latest)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """A checkpoint with its pending writes."""
        self._check_loop()
        by_itself = partial(patiently, _READING, partial(super().aget_tuple, config))
        where = config["configurable"]
        if get_checkpoint_id(config):
            return await by_itself()
        try:
            row = await self._latest.ask((str(where["thread_id"]), where.get("checkpoint_ns", "")))
        except (psycopg.DataError, UnicodeError):  # of one of those that were read together
            return await by_itself()
        if row is None:
            return None
        if row["checkpoint"]["v"] < _WITH_ITS_SENDS and row["parent_checkpoint_id"]:
            return await by_itself()
        return await self._load_checkpoint_tuple(row)

    async def _read_latest(self, places: Sequence[Place]) -> dict[Place, DictRow]:
        """The latest checkpoint of each of these threads and namespaces."""
        asked = {"thread_ids": [thread_id for thread_id, _ in places], "namespaces": [ns for _, ns in places]}

        async def read() -> list[DictRow]:
            async with self._cursor() as cursor:
                await cursor.execute(_LATEST, asked, binary=True)
                return await cursor.fetchall()

        return {(row["thread_id"], row["checkpoint_ns"]): row for row in await patiently(_READING, read)}

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Checkpoints, newest first. All are read before the first is handed on, so no connection is kept meanwhile."""
        if self._sealed is None or not filter:
            listing = partial(super().alist, config, filter=filter, before=before, limit=limit)
            asked = {}
        else:  # only here is the metadata open
            listing = partial(super().alist, config, before=before)
            asked = as_json(filter)

        async def read() -> list[CheckpointTuple]:
            found: list[CheckpointTuple] = []
            async with aclosing(cast("Any", listing())) as items:
                async for item in items:
                    if len(found) == limit:
                        break
                    if not asked or contains(item.metadata, asked):
                        found.append(item)
            return found

        for item in await patiently(_READING, read):
            yield item

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """The writes that make up the values of delta channels; see the official saver."""
        read = partial(super().aget_delta_channel_history, config=config, channels=channels)
        found: Any = await patiently(_READING, read)
        if not isinstance(found, _History):
            return cast("Mapping[str, DeltaChannelHistory]", found)
        if self._sealed is None:
            return await asyncio.to_thread(found.build, stage2_rows=found.rows)
        thread_id, ns = config["configurable"]["thread_id"], config["configurable"].get("checkpoint_ns", "")
        if found.in_clear:
            raise SealError(f"the fields {sorted(found.in_clear)} of thread {thread_id!r} are not encrypted")
        opened = partial(self._sealed.opened_history, thread_id, ns, found.rows)
        return await asyncio.to_thread(lambda: found.build(stage2_rows=opened()))

    def _build_delta_channels_writes_history(self, *, stage2_rows: Any, **walked: Any) -> Any:
        """Put the decoding off, for here it would be done on the event loop and the thread is not known."""
        build = partial(super()._build_delta_channels_writes_history, **walked)
        return _History(build, stage2_rows, frozenset(walked["seed_inline_by_ch"]))

    async def _load_checkpoint_tuple(self, value: DictRow) -> CheckpointTuple:
        if self._sealed is not None:
            value = await asyncio.to_thread(self._sealed.opened, value)
        blobs = value["channel_values"] or []
        if sum(len(data or b"") for _, _, data in blobs) < _LARGE_BYTES:
            return await super()._load_checkpoint_tuple(value)
        loaded = await super()._load_checkpoint_tuple({**value, "channel_values": None})
        loaded.checkpoint["channel_values"].update(await asyncio.to_thread(self._load_blobs, blobs))
        return loaded

    def _migrate_pending_sends(
        self, pending_sends: Any, checkpoint: dict[str, Any], channel_values: list[tuple[bytes, bytes, bytes]]
    ) -> None:
        if self._sealed is not None and pending_sends:
            raise SealError("the checkpoint is of a LangGraph older than any encryption here: run it without a sealer")
        super()._migrate_pending_sends(pending_sends, checkpoint, channel_values)

    @property
    def _is_in_its_loop(self) -> bool:
        try:
            return asyncio.get_running_loop() is self.loop
        except RuntimeError:
            return False

    def _check_loop(self) -> None:
        """Refuse a call from another event loop: connections, and answers that are waited for, are of the saver's own.

        Raises:
            ConfigurationError: with the mend.
        """
        if not self._is_in_its_loop:
            mend = "a saver belongs to the event loop it was made in: make one here, or use its sync methods"
            raise ConfigurationError("saver", "of another event loop", mend)

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        self._check_loop()
        async with self._pool.trusted_connection() as connection, AsyncExitStack() as stack:
            if pipeline and self.supports_pipeline:
                await stack.enter_async_context(connection.pipeline())
            elif pipeline:
                await stack.enter_async_context(connection.transaction())
            yield await stack.enter_async_context(connection.cursor(binary=True))


class _History:
    """What the official saver has read of delta channels, not decoded yet."""

    def __init__(
        self, build: Callable[..., Mapping[str, DeltaChannelHistory]], rows: Sequence[Any], in_clear: frozenset[str]
    ) -> None:
        self.build, self.rows, self.in_clear = build, rows, in_clear
