"""Opening the saver of Studio's server on a database. Only imported where one is named: its driver takes a while."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.configuration import configured
from langgraph_quorum.orchestration.persistence.dsn import address, resolve_dsn
from langgraph_quorum.orchestration.persistence.encryption import environment_sealer
from langgraph_quorum.orchestration.studio.rollback import RollbackSaver

logger = logging.getLogger(__name__)


async def opened_saver(stack: AsyncExitStack, allow: Sequence[type]) -> RollbackSaver:
    """The saver on the database that QUORUM_DSN names, migrated; the stack closes it.

    Raises:
        ConfigurationError: A variable or an allowed type makes no sense.
        DatabaseError: The database cannot be reached or migrated.
        MissingExtraError: Keys are given, and the extra `encryption` is not installed.
    """
    dsn = resolve_dsn(None, configured())
    sealer = environment_sealer()
    pool = await stack.enter_async_context(open_database(dsn.text))
    logger.info("threads are kept in Postgres at %s", address(str(dsn.text)))
    return RollbackSaver(pool, allow=allow, sealer=sealer)
