"""Stragglers that run on after their sync point has moved on, and whose results are still wanted.

They live in this process only: what has not been taken in when the process ends is lost, and the branch stays `cut`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langgraph_quorum.state.records import BranchRecord


@dataclass(frozen=True, slots=True)
class Straggler:
    """Work that is still under way, or done and not taken in.

    Attributes:
        task: The work; ends by itself, its attempts are bounded in time.
        record: The record of its outcome, once the task is done; None when it came to nothing.
        owner: The branch's visit that began it.
    """

    task: asyncio.Task[Any]
    record: Callable[[], BranchRecord | None]
    owner: Any


_stragglers: dict[str, dict[str, Straggler]] = {}


def keep(run: str, branch_id: str, straggler: Straggler) -> None:
    """List a straggler under its run."""
    _stragglers.setdefault(run, {})[branch_id] = straggler


def pending(run: str) -> list[str]:
    """Branches of a run whose work is still under way."""
    return [branch_id for branch_id, one in _stragglers.get(run, {}).items() if not one.task.done()]


def take(run: str) -> dict[str, BranchRecord]:
    """Records of the stragglers that have succeeded meanwhile. Each is given once."""
    done = {branch_id: one for branch_id, one in _stragglers.get(run, {}).items() if one.task.done()}
    for branch_id in done:
        _drop(run, branch_id)
    records = {branch_id: one.record() for branch_id, one in done.items()}
    return {branch_id: record for branch_id, record in records.items() if record is not None}


def holds(run: str, branch_id: str) -> bool:
    """Whether work of a branch is listed."""
    return branch_id in _stragglers.get(run, ())


def adopt(run: str, branch_id: str) -> Straggler | None:
    """Hand the work of a branch over to whoever asks; it is no longer listed."""
    straggler = _stragglers.get(run, {}).get(branch_id)
    if straggler is not None:
        _drop(run, branch_id)
    return straggler


async def late(run: str, within_s: float) -> dict[str, BranchRecord]:
    """Wait for a run's stragglers, at most so many seconds, and take what has succeeded."""
    tasks = [one.task for one in _stragglers.get(run, {}).values()]
    if tasks:
        await asyncio.wait(tasks, timeout=within_s)
    return take(run)


def _drop(run: str, branch_id: str) -> None:
    stragglers = _stragglers[run]
    del stragglers[branch_id]
    if not stragglers:
        del _stragglers[run]
