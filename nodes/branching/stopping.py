"""Stopping work that nobody waits for any more: it is cancelled, and abandoned if it does not end."""

from __future__ import annotations

import asyncio
from typing import Any

CANCEL_WAIT_S = 0.1
"""How long a cancelled straggler may clean up before it is abandoned."""

_abandoned: set[asyncio.Task[Any]] = set()
"""Keeps abandoned tasks from being collected while they run."""


async def stop(task: asyncio.Task[Any], *, cancel: bool) -> None:
    """Stop waiting for a task: cancel it, or let it run on unheard."""
    try:
        if cancel:
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_WAIT_S)
    finally:
        if not task.done():
            _abandoned.add(task)
        task.add_done_callback(_forget)


def abandoned() -> int:
    """Tasks of this process that run on unheard."""
    return len(_abandoned)


def _forget(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that the loop does not complain of an error nobody waits for
