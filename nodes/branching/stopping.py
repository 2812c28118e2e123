"""Stopping work that nobody waits for any more: it is cancelled, and abandoned if it does not end."""

from __future__ import annotations

import asyncio
from typing import Any

CANCEL_WAIT_S = 0.1
"""How long a cancelled straggler may clean up before it is abandoned."""

_abandoned: dict[asyncio.AbstractEventLoop, set[asyncio.Task[Any]]] = {}
"""Keeps abandoned tasks from being collected while they run, by event loop."""


async def stop(task: asyncio.Task[Any], *, cancel: bool) -> None:
    """Stop waiting for a task: cancel it, or let it run on unheard."""
    try:
        if cancel:
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_WAIT_S)
    finally:
        if not task.done():
            _keep(task)
        task.add_done_callback(_forget)


def abandoned() -> int:
    """Tasks of this process that run on unheard."""
    return sum(len(tasks) for tasks in list(_abandoned.values()))


def _keep(task: asyncio.Task[Any]) -> None:
    for loop in [loop for loop in list(_abandoned) if loop.is_closed()]:
        _abandoned.pop(loop, None)  # closed while they ran: they end no more
    _abandoned.setdefault(task.get_loop(), set()).add(task)


def _forget(task: asyncio.Task[Any]) -> None:
    tasks = _abandoned.get(task.get_loop(), set())
    tasks.discard(task)
    if not tasks:
        _abandoned.pop(task.get_loop(), None)
    if not task.cancelled():
        task.exception()  # looked at, so that the loop does not complain of an error nobody waits for
