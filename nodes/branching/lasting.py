"""Resources that are still held by work which runs on after its fan-out, so that the run's next one knows of them."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph_quorum.nodes.branching.ticket import Ticket

Held = tuple[Ticket, asyncio.Future[Any]]
"""Who holds something, and the work at whose end it is free."""

_held: dict[str, list[Held]] = {}


def keep(run: str, ticket: Ticket, task: asyncio.Future[Any]) -> None:
    """Note that a straggler's work goes on and holds what its ticket claims, until it is done."""
    held = ticket, task
    for earlier, others in list(_held.items()):
        if all(work.get_loop().is_closed() for _, work in list(others)):
            _held.pop(earlier, None)  # closed while it went on: it ends no more
    _held.setdefault(run, []).append(held)
    task.add_done_callback(lambda _: _drop(run, held))


def held(run: str) -> list[Held]:
    """What work of earlier fan-outs holds, on this event loop. One that has stopped took its work with it."""
    loop = asyncio.get_running_loop()
    return [(ticket, task) for ticket, task in _held.get(run, ()) if task.get_loop() is loop and not task.done()]


def _drop(run: str, held: Held) -> None:
    _held[run].remove(held)
    if not _held[run]:
        del _held[run]
