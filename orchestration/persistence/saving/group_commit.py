"""The saver: LangGraph's contract and schema for checkpoints in Postgres, written in groups and read in parallel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    PendingWrite,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from langgraph_quorum.orchestration.persistence.fence import token_of
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.saving.calls import Call
from langgraph_quorum.orchestration.persistence.saving.committer import Committer
from langgraph_quorum.orchestration.persistence.saving.encoding import (
    encode_checkpoint,
    encode_writes,
    split_values,
)
from langgraph_quorum.orchestration.persistence.saving.known_blobs import KnownBlobs
from langgraph_quorum.orchestration.persistence.saving.order import CheckpointOrder
from langgraph_quorum.orchestration.persistence.saving.patience import patiently
from langgraph_quorum.orchestration.persistence.saving.read_writes import ReadWrites
from langgraph_quorum.orchestration.persistence.saving.reading import PatientReader
from langgraph_quorum.orchestration.persistence.saving.rows import Rows
from langgraph_quorum.orchestration.persistence.saving.sealed import Sealed
from langgraph_quorum.orchestration.persistence.saving.serializer import StrictSerializer
from langgraph_quorum.orchestration.persistence.saving.statistics import SaverStatistics
from langgraph_quorum.orchestration.persistence.saving.transaction import Transactions
from langgraph_quorum.orchestration.persistence.saving.weight import Known, OfCheckpoint, OfWrites, Weight
from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.state.errors import ConfigurationError

_SEALED = Known(light=False)


class GroupCommitSaver(PatientReader):
    """Stores what the official saver stores, where it stores it; both may take turns on a thread.

    It differs in how: what many branches have finished is written in one transaction; reads do not wait for one
    another; large texts are stored once and not in every checkpoint; a thread's lease, when the config carries its
    token (see `fence`), is held while its rows are written; a broken connection is replaced for up to 30 seconds.

    It belongs to the event loop it is made in. Its sync methods are for other threads, as the official saver's are.

    Args:
        pool: An open pool of a migrated database; one connection is borrowed for each batch and each read.
        allow: Classes your graph keeps in its state, each defined at the top of an importable module.
        sealer: Encrypts every value and the metadata. Ids, versions, times and names of channels stay readable.
        relaxed_writes: Do not wait for the server's disk where only results of branches are written: when the
            server's machine fails, those of its last moments are lost, and their branches run again.

    Raises:
        ConfigurationError: Something in `allow` could not be restored from its module and name.
    """

    def __init__(
        self, pool: Pool, *, allow: Sequence[type] = (), sealer: Sealer | None = None, relaxed_writes: bool = False
    ) -> None:
        self.sealer = sealer
        super().__init__(pool, StrictSerializer(allow), None if sealer is None else Sealed(sealer))
        self._committer = Committer(Transactions(pool, relaxed_writes))
        self._known = KnownBlobs()
        self._order = CheckpointOrder()
        self._read = ReadWrites()

    @classmethod
    @asynccontextmanager
    async def from_conn_string(
        cls, conn_string: str, *, pipeline: bool = False, serde: SerializerProtocol | None = None
    ) -> AsyncIterator[GroupCommitSaver]:
        """A saver on a pool of its own.

        Args:
            conn_string: Of a migrated database.
            pipeline: Not to be given: it is used where it helps.
            serde: Not to be given: types are allowed by `GroupCommitSaver(pool, allow=[...])`.
        """
        if pipeline or serde is not None:
            field = "pipeline" if pipeline else "serde"
            raise ConfigurationError(field, pipeline or serde, "leave it out, or take the official saver")
        async with open_pool(conn_string) as pool:
            yield cls(pool)

    def statistics(self) -> SaverStatistics:
        """What was written so far."""
        return self._committer.statistics

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Write a checkpoint.

        Raises:
            LeaseLostError: The config carries a token, and the thread was taken over.
            ChannelValueError: A value cannot be stored.
            BlockedTypeError: A value is of a type that is not allowed.
            ConfigurationError: The config names no thread, or has metadata that cannot be stored.
            psycopg.Error: The database refuses, or stayed away for 30 seconds.
        """
        configurable = config["configurable"]
        thread_id, ns = _thread_of(configurable), configurable["checkpoint_ns"]
        values = split_values(checkpoint, new_versions, sealed=self._sealed is not None)
        due, moved = self._known.split(thread_id, ns, values)
        told = get_serializable_checkpoint_metadata(config, metadata)
        make = partial(
            encode_checkpoint,
            self.serde,
            (thread_id, ns, checkpoint["id"]),
            checkpoint,
            parent_id=configurable.get("checkpoint_id"),
            metadata=told,
            values=due,
        )
        place = thread_id, ns
        weight, seen = OfCheckpoint(checkpoint, told, due), partial(self._order.saw, place, checkpoint["id"])
        try:
            await self._commit(config, thread_id, make, weight=weight, then=seen).stored()
        except BaseException:
            self._order.let_go(place)
            raise
        self._known.add(moved)
        return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ns, "checkpoint_id": checkpoint["id"]}}

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """A checkpoint with its pending writes."""
        found = await super().aget_tuple(config)
        if found is not None:
            where = found.config["configurable"]
            place = str(where["thread_id"]), where["checkpoint_ns"]
            self._order.saw(place, where["checkpoint_id"])
            self._read.keep((*place, where["checkpoint_id"]), found.pending_writes or [])
        return found

    def take_writes(self, thread_id: str, checkpoint_ns: str, checkpoint_id: str) -> list[PendingWrite] | None:
        """What a checkpoint's tasks had written when it was last read here; given once, None when not read lately."""
        return self._read.take((thread_id, checkpoint_ns, checkpoint_id))

    def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> Coroutine[Any, Any, None]:
        """Write what one task has written, not before the checkpoint that it belongs to.

        It is handed over at once, not when it is waited for: what comes in the middle of a long turn of the event loop
        is on its way to the server before that ends.

        Raises:
            LeaseLostError: The config carries a token, and the thread was taken over.
            ChannelValueError: A value cannot be stored.
            BlockedTypeError: A value is of a type that is not allowed.
            psycopg.Error: The database refuses, or stayed away for 30 seconds.
        """
        if not self._is_in_its_loop:  # made elsewhere, as by the sync methods, to be awaited here
            return self._hand_over_later(config, writes, task_id, task_path)
        try:
            return self._hand_over(config, writes, task_id, task_path).stored()
        except Exception as error:  # noqa: BLE001 - for whoever waits: LangGraph calls this where nobody takes an error
            return _failing(error)

    def close(self) -> None:
        """Let go of the thread that encodes. What is handed over afterwards, and is more than a little, fails."""
        self._committer.close()

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete a thread, with what was handed over for it before."""
        self._check_loop()
        self._order.forget(str(thread_id))
        await self._committer.settle(str(thread_id))
        await patiently("deleting a thread", partial(super().adelete_thread, thread_id))
        self._known.forget([str(thread_id)])

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Delete all but the latest checkpoints of threads, or all; see the official saver."""
        self._check_loop()
        names = [] if isinstance(thread_ids, str) else [str(thread_id) for thread_id in thread_ids]
        for name in names:
            await self._committer.settle(name)
        try:
            await super().aprune(thread_ids, strategy=strategy)
        finally:
            self._known.forget(names)

    async def _hand_over_later(self, *call: Any) -> None:
        await self._hand_over(*call).stored()

    def _hand_over(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str
    ) -> Call:
        configurable = config["configurable"]
        thread_id = _thread_of(configurable)
        place = thread_id, configurable["checkpoint_ns"], configurable["checkpoint_id"]
        make = partial(encode_writes, self.serde, place, writes, task_id, task_path)
        hold = None if self._order.is_due(place[:2], place[2]) else partial(self._order.hold, place[:2], place[2])
        return self._commit(config, thread_id, make, weight=OfWrites(writes), hold=hold)

    def _commit(
        self,
        config: RunnableConfig,
        thread_id: str,
        make: Callable[[], Rows],
        *,
        weight: Weight,
        hold: Callable[[Callable[[], None]], None] | None = None,
        then: Callable[[], None] | None = None,
    ) -> Call:
        self._check_loop()
        token = token_of(config)
        fence = None if token is None else (thread_id, token)
        if self._sealed is not None:
            sealed, inner = self._sealed, make
            make, weight = lambda: sealed.seal(inner()), _SEALED
        return self._committer.commit(thread_id, fence, make, weight=weight, hold=hold, then=then)


async def _failing(error: Exception) -> None:
    raise error


def _thread_of(configurable: Mapping[str, Any]) -> str:
    """The thread, as text: whoever gives a number or a UUID means its name."""
    thread_id = configurable["thread_id"]
    if thread_id is None:
        mend = "name the thread: all who give None would share one"
        raise ConfigurationError("configurable.thread_id", thread_id, mend)
    return str(thread_id)
