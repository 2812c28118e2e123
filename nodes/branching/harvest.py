"""Stragglers that run on after their sync point has moved on, and whose results are still wanted.

They live in this process only: what has not been taken in when the process ends, or the event loop, is lost, and the
branch stays `cut` or `timed_out`. What a run had not taken in when it ended can be had by `late_results`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langgraph_quorum.nodes.branching.work import Work
from langgraph_quorum.state.records import BranchRecord

_log = logging.getLogger(__name__)

KEPT_S = 600.0
"""How long the outcome of a straggler is kept after the end of its run when nobody takes it."""
MOST = 1000
"""Stragglers at most that have ended and were not taken, of all runs; of more, the first are forgotten."""


@dataclass(frozen=True, slots=True)
class Straggler:
    """Work that is still under way, or has ended and was not taken in.

    Attributes:
        task: The work; ends by itself, its attempts are bounded in time.
        record: The record of its outcome, once the task is done; None when there is none to give.
        work: What a later fan-out takes over.
    """

    task: asyncio.Task[Any]
    record: Callable[[], BranchRecord | None]
    work: Work


@dataclass(eq=False, slots=True)
class _Listed:
    """A straggler and what has become of it. Its run may have ended, in this process, before or after it."""

    straggler: Straggler
    record: BranchRecord | None = None
    run_has_ended: bool = False
    forgetting: asyncio.TimerHandle | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Where its work runs."""
        return self.straggler.task.get_loop()


_listed: dict[str, dict[str, _Listed]] = {}
_ended: dict[tuple[str, str], None] = {}
"""Of those listed, by run and branch, the ones that have ended, in that order."""


def keep(run: str, branch_id: str, straggler: Straggler) -> None:
    """List a straggler under its run, until it is taken, adopted, given up, or forgotten."""
    _drop(run, branch_id)
    _drop_what_ends_no_more()
    listed = _listed.setdefault(run, {})[branch_id] = _Listed(straggler)
    straggler.task.add_done_callback(lambda _: _note_end(run, branch_id, listed))


def take(run: str) -> dict[str, BranchRecord]:
    """Records of the stragglers that have ended meanwhile, each `late`. Each is given once."""
    listed = list(_listed.get(run, {}).items())
    found = {branch_id: one.record for branch_id, one in listed if one.record is not None}
    for branch_id in found:
        _drop(run, branch_id)
    return found


def holds(run: str, branch_id: str) -> bool:
    """Whether work of a branch is listed: it goes on, or has ended and was not taken in."""
    return branch_id in _listed.get(run, ())


def has_ended(run: str, branch_id: str) -> bool:
    """Whether a listed straggler has ended: its outcome only has to be taken."""
    return (run, branch_id) in _ended


def adopt(run: str, branch_id: str) -> Straggler | None:
    """Hand the work of a branch over to whoever asks; it is no longer listed. Only for the event loop it runs on."""
    listed = _drop(run, branch_id)
    return listed.straggler if listed is not None and listed.loop is asyncio.get_running_loop() else None


def give_up(run: str, branch_id: str) -> None:
    """Stop the work of a branch, if any is listed: somebody else does it. From any thread."""
    listed = _drop(run, branch_id)
    if listed is not None and not listed.loop.is_closed():
        listed.loop.call_soon_threadsafe(listed.straggler.task.cancel)


def left_by(run: str) -> list[str]:
    """Branches whose late outcome a run that ends now has not taken in. From now on they are kept for `KEPT_S`."""
    listed = list(_listed.get(run, {}).items())
    for branch_id, one in listed:
        if not one.loop.is_closed():
            one.loop.call_soon_threadsafe(_note_end_of_run, run, branch_id, one)
    return [branch_id for branch_id, _ in listed]


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
    tasks = [one.straggler.task for one in _listed.get(workflow_id, {}).values() if one.loop is here]
    if tasks:
        await asyncio.wait(tasks, timeout=within_s)
    return take(workflow_id)


def listed() -> int:
    """Stragglers of this process whose outcome is still wanted, and may still come."""
    _drop_what_ends_no_more()
    return sum(len(stragglers) for stragglers in list(_listed.values()))


def _note_end(run: str, branch_id: str, one: _Listed) -> None:
    if not _is_listed(run, branch_id, one):
        return  # a later fan-out has taken it over
    one.record = one.straggler.record()
    if one.record is None:
        _drop(run, branch_id)
        return
    _log.info("branch %r of run %s: %s after its sync point had moved on", branch_id, run, one.record["status"])
    _ended[run, branch_id] = None
    _forget_later(run, branch_id, one)
    while len(_ended) > MOST:
        _drop(*next(iter(_ended)))


def _note_end_of_run(run: str, branch_id: str, one: _Listed) -> None:
    one.run_has_ended = True
    _forget_later(run, branch_id, one)


def _forget_later(run: str, branch_id: str, one: _Listed) -> None:
    if one.run_has_ended and one.record is not None and one.forgetting is None:
        one.forgetting = one.loop.call_later(KEPT_S, _forget, run, branch_id, one)


def _forget(run: str, branch_id: str, one: _Listed) -> None:
    if _is_listed(run, branch_id, one):
        _drop(run, branch_id)


def _drop_what_ends_no_more() -> None:
    """Work that went on when its event loop was closed."""
    for run, stragglers in list(_listed.items()):
        listed = list(stragglers.items())
        if listed[0][1].loop.is_closed():  # most runs have one loop: only the first is looked at
            for branch_id, one in listed:
                if one.record is None and one.loop.is_closed():
                    _drop(run, branch_id)


def _is_listed(run: str, branch_id: str, one: _Listed) -> bool:
    return _listed.get(run, {}).get(branch_id) is one


def _drop(run: str, branch_id: str) -> _Listed | None:
    _ended.pop((run, branch_id), None)
    stragglers = _listed.get(run, {})
    one = stragglers.pop(branch_id, None)
    if not stragglers:
        _listed.pop(run, None)
    return one
