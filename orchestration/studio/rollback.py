"""Taking single runs back: what Studio's server asks for when a run is deleted, or another one replaces it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import partial

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.saving.patience import patiently
from langgraph_quorum.orchestration.persistence.sealing import Sealer

_REMEMBERED = 10_000
_DOING = "taking a run back"

logger = logging.getLogger(__name__)


class RollbackSaver(GroupCommitSaver):
    """The saver that graphs are compiled with, which also deletes what single runs have written.

    Args:
        pool: An open pool of a migrated database.
        allow: Classes your graph keeps in its state.
        sealer: Encrypts what is stored. Then only runs that have written through this saver can be taken back, the
            latest 10,000: no statement finds a run by its encrypted metadata.
    """

    def __init__(self, pool: Pool, *, allow: Sequence[type] = (), sealer: Sealer | None = None) -> None:
        super().__init__(pool, allow=allow, sealer=sealer)
        self._thread_of: OrderedDict[str, str] = OrderedDict()

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Write a checkpoint; see `GroupCommitSaver.aput`."""
        if run_id := metadata.get("run_id"):
            self._thread_of[str(run_id)] = str(config["configurable"]["thread_id"])
            self._thread_of.move_to_end(str(run_id))
            if len(self._thread_of) > _REMEMBERED:
                self._thread_of.popitem(last=False)
        return await super().aput(config, checkpoint, metadata, new_versions)

    async def adelete_for_runs(self, run_ids: Iterable[str]) -> None:
        """Delete the checkpoints that these runs have written, and what was written on them.

        Raises:
            SealError: A checkpoint of the thread cannot be opened.
            psycopg.Error: The database refuses, or stayed away for 30 seconds.
        """
        for run_id in map(str, run_ids):
            for thread_id in await self._threads_of(run_id):
                await self._committer.settle(thread_id)
                await self._take_back(thread_id, run_id)

    async def _threads_of(self, run_id: str) -> list[str]:
        if run_id in self._thread_of:
            return [self._thread_of[run_id]]
        if self._sealed is not None:
            logger.warning("run %s is not known here: its checkpoints, if there are any, stay", run_id)
            return []

        async def ask() -> list[str]:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(self._pool.statements("studio")["threads_of_run"], {"run_id": run_id})
                return [row["thread_id"] for row in await cursor.fetchall()]

        return await patiently(_DOING, ask)

    async def _take_back(self, thread_id: str, run_id: str) -> None:
        of_thread: RunnableConfig = {"configurable": {"thread_id": thread_id}}
        written = [found.config["configurable"] async for found in self.alist(of_thread, filter={"run_id": run_id})]
        values: dict[str, object] = {
            "thread_id": thread_id,
            "namespaces": [place["checkpoint_ns"] for place in written],
            "checkpoint_ids": [place["checkpoint_id"] for place in written],
        }
        await patiently(_DOING, partial(self._delete, values))

    async def _delete(self, values: dict[str, object]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(self._pool.statements("studio")["delete_checkpoints"], values)
