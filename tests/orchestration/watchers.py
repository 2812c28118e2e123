"""Watching runs in tests: all events, or those up to a certain one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from langgraph_quorum.orchestration.events import BranchEnded, NodeEnded, RunEvent
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.watching import watch_thread

POLL_S = 0.02


def watching(pool: Pool, thread_id: str, *, outage_s: float = 30) -> AsyncIterator[RunEvent]:
    """The events of a run, looked for often."""
    return watch_thread(make_saver(pool), pool, thread_id, poll_s=POLL_S, outage_s=outage_s)


async def until(events: AsyncIterator[RunEvent], awaited: Callable[[RunEvent], bool]) -> list[RunEvent]:
    """The events up to the awaited one."""
    seen: list[RunEvent] = []
    async for event in events:
        seen.append(event)
        if awaited(event):
            return seen
    raise AssertionError(f"it never came: {seen}")


def kinds(events: list[RunEvent]) -> list[str]:
    """What the events are, in a word or two."""
    return [event.kind for event in events]


def nodes(events: list[RunEvent]) -> list[str]:
    """The nodes that ended."""
    return [event.node for event in events if isinstance(event, NodeEnded)]


def branches(events: list[RunEvent]) -> dict[str, str]:
    """The branches that ended, with their status."""
    return {event.record["branch_id"]: event.record["status"] for event in events if isinstance(event, BranchEnded)}
