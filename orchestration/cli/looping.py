"""The one place where the event loop is started, with Ctrl-C under control from its first moment to its last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from langgraph_quorum.orchestration.cli.exits import APPROVED, complain
from langgraph_quorum.orchestration.cli.interruption import Interruption
from langgraph_quorum.orchestration.cli.streams import forget_stdout


def run_to_end(work: Callable[[Interruption], Awaitable[int]]) -> int:
    """Run a command's coroutine and return its exit code."""
    try:
        return asyncio.run(_listening(work))
    except BrokenPipeError:
        forget_stdout()
        return APPROVED


async def _listening(work: Callable[[Interruption], Awaitable[int]]) -> int:
    with Interruption() as interruption:
        try:
            return await work(interruption)
        except asyncio.CancelledError:
            if interruption.signal is None:
                raise
            complain("interrupted: no run was going on")
            return interruption.exit_code
