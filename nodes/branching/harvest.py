"""Stragglers that run on after their sync point has moved on, and whose results are still wanted.

They live in this process only: what has not been taken in when the process ends, or the event loop, is lost, and the
branch stays `cut` or `timed_out`. What a run has not taken in can be had by `late_results`, for `KEPT_S` seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langgraph_quorum.state.records import BranchRecord

_log = logging.getLogger(__name__)

KEPT_S = 600.0
"""How long the outcome of a straggler is kept when nobody takes it."""
MOST = 1000
"""Stragglers that have ended and were not taken at most; of more, the first are dropped."""


@dataclass(frozen=True, slots=True)
class Straggler:
    """Work that is still under way, or has ended and was not taken in.

    Attributes:
        task: The work; ends by itself, its attempts are bounded in time.
        record: The record of its outcome, once the task is done; None when there is none to give.
        owner: The branch's visit that began it.
    """

    task: asyncio.Task[Any]
    record: Callable[[], BranchRecord | None]
    owner: Any


@dataclass(slots=True)
class _Ended:
    """The outcome of a straggler, and when it is forgotten."""

    record: BranchRecord
    forgetting: asyncio.TimerHandle


_Key = tuple[str, str]
_stragglers: dict[str, dict[str, Straggler]] = {}
_ended: dict[_Key, _Ended] = {}
"""Of those listed, the ones that have ended, in that order."""


def keep(run: str, branch_id: str, straggler: Straggler) -> None:
    """List a straggler under its run, until it is taken, adopted, given up, or forgotten."""
    _drop(run, branch_id)
    _stragglers.setdefault(run, {})[branch_id] = straggler
    straggler.task.add_done_callback(lambda _: _note_end(run, branch_id, straggler))


def pending(run: str) -> list[str]:
    """Branches of a run whose late outcome is still to be had: they go on, or have ended and were not taken in."""
    return list(_stragglers.get(run, ()))


def take(run: str) -> dict[str, BranchRecord]:
    """Records of the stragglers that have ended meanwhile, each `late`. Each is given once."""
    found = {branch_id: one.record for branch_id in pending(run) if (one := _ended.get((run, branch_id))) is not None}
    for branch_id in found:
        _drop(run, branch_id)
    return found


def holds(run: str, branch_id: str) -> bool:
    """Whether work of a branch is listed."""
    return branch_id in _stragglers.get(run, ())


def has_ended(run: str, branch_id: str) -> bool:
    """Whether a listed straggler has ended: its outcome only has to be taken."""
    return (run, branch_id) in _ended


def adopt(run: str, branch_id: str) -> Straggler | None:
    """Hand the work of a branch over to whoever asks; it is no longer listed. Only for the event loop it runs on."""
    straggler = _stragglers.get(run, {}).get(branch_id)
    if straggler is None:
        return None
    _drop(run, branch_id)
    return straggler if straggler.task.get_loop() is asyncio.get_running_loop() else None


def give_up(run: str, branch_id: str) -> None:
    """Stop the work of a branch, if any is listed: somebody else does it. From any thread."""
    straggler = _stragglers.get(run, {}).get(branch_id)
    loop = straggler.task.get_loop() if straggler is not None else None
    _drop(run, branch_id)
    if straggler is not None and loop is not None and not loop.is_closed():
        loop.call_soon_threadsafe(straggler.task.cancel)


async def late_results(workflow_id: str, within_s: float) -> dict[str, BranchRecord]:
    """What the stragglers of a run that has ended have given after all.

    For workflows with `SyncPolicy(on_straggler="harvest")`. `Run.late` is the same for a run of an orchestrator.

    Args:
        workflow_id: Of the run: `workflow_id` in its state.
        within_s: Seconds to wait for those that go on, from 0.

    Returns:
        By branch id, the records of those that have ended, `late` in each: successes and failures. Each is given once,
        and kept for `KEPT_S` seconds only; one that still goes on can be asked for again.
    """
    here = asyncio.get_running_loop()
    tasks = [one.task for one in _stragglers.get(workflow_id, {}).values() if one.task.get_loop() is here]
    if tasks:
        await asyncio.wait(tasks, timeout=within_s)
    return take(workflow_id)


def listed() -> int:
    """Stragglers of this process whose outcome is still wanted."""
    return sum(len(stragglers) for stragglers in list(_stragglers.values()))


def _note_end(run: str, branch_id: str, straggler: Straggler) -> None:
    if _stragglers.get(run, {}).get(branch_id) is not straggler:
        return  # taken over by a later fan-out
    record = straggler.record()
    if record is None:
        _drop(run, branch_id)
        return
    _log.info("branch %r of run %s: %s after its sync point had moved on", branch_id, run, record["status"])
    forgetting = straggler.task.get_loop().call_later(KEPT_S, _forget, run, branch_id, straggler)
    _ended[run, branch_id] = _Ended(record, forgetting)
    while len(_ended) > MOST:
        _drop(*next(iter(_ended)))


def _forget(run: str, branch_id: str, straggler: Straggler) -> None:
    if _stragglers.get(run, {}).get(branch_id) is straggler:
        _drop(run, branch_id)


def _drop(run: str, branch_id: str) -> None:
    ended = _ended.pop((run, branch_id), None)
    if ended is not None and not ended.forgetting.cancelled():
        ended.forgetting.cancel()
    stragglers = _stragglers.get(run, {})
    stragglers.pop(branch_id, None)
    if not stragglers:
        _stragglers.pop(run, None)
