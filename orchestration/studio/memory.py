"""The memory that Studio's local server has by itself, with the one method that it asks of a checkpointer of ours."""

from __future__ import annotations

from collections.abc import Iterable

from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum.state.errors import ConfigurationError

DSN_VARIABLE = "QUORUM_DSN"
"""As everywhere; written down anew, since to import it is to import a driver that memory does not need."""


class RollbackMemory(InMemorySaver):
    """Shares what another saver in memory holds, and can take single runs back.

    Args:
        kept: Whose checkpoints these are; it goes on holding them, and writes them to its files if it has any.
    """

    def __init__(self, kept: InMemorySaver) -> None:
        super().__init__(serde=kept.serde)
        self.storage, self.writes, self.blobs = kept.storage, kept.writes, kept.blobs

    async def adelete_for_runs(self, run_ids: Iterable[str]) -> None:
        """Delete the checkpoints that these runs have written, and what was written on them."""
        gone = set(map(str, run_ids))
        for thread_id, namespaces in [*self.storage.items()]:
            for ns, checkpoints in [*namespaces.items()]:
                for checkpoint_id, (_, metadata, _) in [*checkpoints.items()]:
                    if self.serde.loads_typed(metadata).get("run_id") in gone:
                        del checkpoints[checkpoint_id]
                        self.writes.pop((thread_id, ns, checkpoint_id), None)


def server_memory() -> RollbackMemory:
    """The running server's own checkpoints in memory.

    Raises:
        ConfigurationError: This server keeps its threads elsewhere.
    """
    # An extra, and whole only inside the running server.
    from langgraph_runtime.checkpoint import Checkpointer  # type: ignore[import-untyped]  # noqa: PLC0415

    kept = Checkpointer()
    if not isinstance(kept, InMemorySaver):
        mend = "set it, or take `checkpointer` out of langgraph.json: this server has a database of its own"
        raise ConfigurationError(DSN_VARIABLE, "", mend)
    return RollbackMemory(kept)
