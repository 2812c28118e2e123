"""What the tests do with threads of Studio's server."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph_sdk.client import LangGraphClient

BEGUN_WITHIN_S = 30.0


async def new_thread(client: LangGraphClient, graph: str) -> str:
    """The id of an empty thread for this graph."""
    thread_id: str = (await client.threads.create(graph_id=graph))["thread_id"]
    return thread_id


async def state_of(client: LangGraphClient, thread_id: str, **which: Any) -> Any:
    """How a thread stands, or stood."""
    return await client.threads.get_state(thread_id, **which)


async def before(client: LangGraphClient, thread_id: str, node: str) -> Any:
    """The latest step of a thread after which this node was next."""
    history: Any = await client.threads.get_history(thread_id, limit=100)
    return next(state for state in history if state["next"] == [node])


async def standing(client: LangGraphClient, thread_id: str, branches: int) -> dict[str, str]:
    """How each branch stands, as soon as so many are done: `done`, `under way`, or its task's error."""
    async with asyncio.timeout(BEGUN_WITHIN_S):
        while True:
            tasks = (await state_of(client, thread_id))["tasks"]
            if sum(task["result"] is not None for task in tasks) == branches:
                return {task["name"]: "done" if task["result"] else task["error"] or "under way" for task in tasks}
            await asyncio.sleep(0.1)
