"""What `langgraph.json` names as `checkpointer`: Postgres when QUORUM_DSN is set, else the server's own memory."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

from langgraph.checkpoint.base import BaseCheckpointSaver

from langgraph_quorum.orchestration.persistence.configuration import configured
from langgraph_quorum.orchestration.studio.memory import DSN_VARIABLE, server_memory
from langgraph_quorum.state.errors import QuorumError

_IN_POSTGRES = "langgraph_quorum.orchestration.studio.in_postgres"

logger = logging.getLogger(__name__)


@asynccontextmanager
async def create_checkpointer(*, allow: Sequence[type] = ()) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """The saver of one event loop of the server, which closes it at its end.

    With QUORUM_DSN the database is migrated first; QUORUM_POOL_MODE, QUORUM_POOL_MAX, QUORUM_SCHEMA, QUORUM_TENANT and
    QUORUM_ENCRYPTION_KEYS say the rest, as everywhere. Without it nothing is opened, and threads are kept as the server
    keeps them by itself.

    Args:
        allow: Classes your graphs keep in their state, each defined at the top of an importable module. The server
            gives none: name `partial(create_checkpointer, allow=[...])` in a file of your own.

    Raises:
        ConfigurationError: A variable or an allowed type makes no sense.
        DatabaseError: The database cannot be reached or migrated.
        MissingExtraError: Keys are given, and the extra `encryption` is not installed.
    """
    async with AsyncExitStack() as stack:
        yield await _opened(stack, allow)


async def _opened(stack: AsyncExitStack, allow: Sequence[type]) -> BaseCheckpointSaver[Any]:
    try:
        if not (await asyncio.to_thread(configured)).get(DSN_VARIABLE, "").strip():
            logger.info("%s is not set: threads are kept in the server's own memory", DSN_VARIABLE)
            return server_memory()
        home = await asyncio.to_thread(importlib.import_module, _IN_POSTGRES)
        return cast("BaseCheckpointSaver[Any]", await home.opened_saver(stack, allow))
    except QuorumError as error:
        # The server logs what failed, and there are formatters that show local variables: the DSN and keys are in the
        # frames below, and in none from here on.
        error.__context__ = None
        raise error.with_traceback(None) from None
