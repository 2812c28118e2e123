"""The saver that graphs are compiled with."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.sealing import Sealer


def make_saver(
    pool: Pool, *, allow: Sequence[type] = (), sealer: Sealer | None = None, relaxed_writes: bool = False
) -> GroupCommitSaver:
    """A saver over `pool`, strict about types, that writes what many branches finished in one transaction.

    LangChain's messages and documents, LangGraph's `Send`, `Command`, `Interrupt` and the like, and the usual types
    of the standard library (dates, paths, UUIDs, sets, decimals) are always allowed. Call it inside the running event
    loop.

    Args:
        pool: An open pool of a migrated database.
        allow: Further classes your graph keeps in its state, each defined at the top of an importable module.
        sealer: Encrypts what is stored.
        relaxed_writes: Let results of branches be lost with the last moments of the server's machine, which spares
            a wait for its disk; their branches run again then.

    Raises:
        ConfigurationError: Something in `allow` could not be restored from its module and name.
    """
    return GroupCommitSaver(pool, allow=allow, sealer=sealer, relaxed_writes=relaxed_writes)
