"""The fence: a driver that was overtaken cannot write, whatever it still believes.

The lease's token travels in the run's config, which LangGraph hands to every node, to nested graphs, and to the saver
with every write. The transaction that writes first makes sure that the token is still the current one.
"""

from __future__ import annotations

from typing import Any

from langchain_core.runnables import RunnableConfig

from langgraph_quorum.orchestration.persistence.pool import Connection, Pool
from langgraph_quorum.state.branch import TOKEN_KEY
from langgraph_quorum.state.errors import LeaseLostError


def fenced_config(thread_id: str, token: int | None) -> RunnableConfig:
    """The config to drive a thread with, so that what it writes is refused once the token is an old one.

    Args:
        thread_id: The thread.
        token: The lease's; None writes without a fence.
    """
    configurable: dict[str, Any] = {"thread_id": thread_id}
    if token is not None:
        configurable[TOKEN_KEY] = token
    return {"configurable": configurable}


def token_of(config: RunnableConfig) -> int | None:
    """The token that a config carries."""
    token = config.get("configurable", {}).get(TOKEN_KEY)
    return token if isinstance(token, int) else None


async def hold_token(connection: Connection, pool: Pool, thread_id: str, token: int | None) -> None:
    """Make sure, until the transaction ends, that the lease with this token is still the current one.

    Raises:
        LeaseLostError: The thread has been taken over.
    """
    if token is None:
        return
    values = {"thread_id": thread_id, "token": token}
    if await (await connection.execute(pool.statements("leases")["hold"], values)).fetchone() is None:
        raise LeaseLostError(f"thread {thread_id!r} has been taken over by another driver: nothing was written")
