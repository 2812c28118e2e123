"""Whether this host's clock can go on where that of another host has stopped.

LangGraph's checkpoint ids begin with the host's time, and the greatest is taken for the latest. A driver whose clock is
behind that of the one before it would write checkpoints that nobody takes for the latest.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from langgraph_quorum.state.errors import ClockError

PATIENCE_S = 5.0
"""So far behind a clock is waited for."""


async def clocks_agree(thread_id: str, written_at: str | None) -> None:
    """Wait until this host's clock is past the thread's latest checkpoint.

    Args:
        thread_id: The thread.
        written_at: When that checkpoint was written by its host's clock, ISO 8601; None when there is none.

    Raises:
        ClockError: it is more than five seconds behind.
    """
    if written_at is None:
        return
    behind_s = (datetime.fromisoformat(written_at) - datetime.now(UTC)).total_seconds()
    if behind_s > PATIENCE_S:
        raise ClockError(
            f"the latest checkpoint of thread {thread_id!r} was written {behind_s:.0f} s from now by this host's clock:"
            " set the clocks of all hosts by the same time service, then resume"
        )
    if behind_s > 0:
        await asyncio.sleep(behind_s)
