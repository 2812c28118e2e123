"""A branch's work against its gate: whichever comes first, its end or the release."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.nodes.branching.stopping import stop
from langgraph_quorum.state.decision import Release
from langgraph_quorum.state.sync_policy import OnStraggler

T = TypeVar("T")


async def race(
    gate: Gate, branch_id: str, points: Sequence[str], task: asyncio.Task[T], on_straggler: Callable[[], OnStraggler]
) -> T | Release:
    """The task's outcome, or the gate's release, whichever comes first. Work that is done is never thrown away.

    A straggler that answers while it is being cancelled has answered; one that raises then was cut, not at fault. One
    for which `on_straggler` does not say `cancel` runs on.

    Args:
        gate: Of the fan-out.
        branch_id: Whose work it is.
        points: Those that count the branch.
        task: The work.
        on_straggler: Asked when the gate has released first.
    """
    released = gate.released(points)
    if released is None and not task.done():
        await _end_of(gate, branch_id, points, task)
        released = gate.released(points)
    if task.done():
        return task.result()
    assert released is not None  # noqa: S101  the bell rings for the task's end or for the release
    await stop(task, cancel=on_straggler() == "cancel")
    if task.done() and not task.cancelled() and task.exception() is None:
        return task.result()
    return released


async def _end_of(gate: Gate, branch_id: str, points: Sequence[str], task: asyncio.Task[Any]) -> None:
    bell: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ring = partial(_ring, bell)
    gate.listen(branch_id, points, ring)
    task.add_done_callback(ring)
    try:
        await bell
    except asyncio.CancelledError:
        await stop(task, cancel=True)
        raise
    finally:
        gate.unlisten(branch_id)


def _ring(bell: asyncio.Future[None], _: object = None) -> None:
    if not bell.done():
        bell.set_result(None)
