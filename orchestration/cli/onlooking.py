"""`quorum watch`: a run that goes on elsewhere, told from its beginning to its end."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator

from langgraph_quorum.orchestration.cli.databases import database_to_read
from langgraph_quorum.orchestration.cli.exits import APPROVED, code_of_status, complain
from langgraph_quorum.orchestration.cli.interruption import Interruption
from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.progress.choice import Progress
from langgraph_quorum.orchestration.cli.progress.happenings import as_progress, happening
from langgraph_quorum.orchestration.cli.sealed import saver_of
from langgraph_quorum.orchestration.cli.stored import read_standing
from langgraph_quorum.orchestration.cli.strict_json import json_text
from langgraph_quorum.orchestration.cli.thread_ids import checked_thread, command_for
from langgraph_quorum.orchestration.cli.threads import any_run, work_of
from langgraph_quorum.orchestration.cli.words import printable
from langgraph_quorum.orchestration.events import BranchEnded, NodeEnded, RunEnded, RunEvent
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.orchestration.watching import watch_thread


async def watch_run(dsn: str | None, thread: str, interruption: Interruption, *, as_json: bool) -> int:
    """Tell what happens in the run, and return the exit code: that of how it ended, or of the signal that came.

    On a terminal its branches are shown live; elsewhere each event is a line.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        DatabaseError: the database cannot be used, or stayed away for too long.
    """
    thread_id = checked_thread(thread)
    try:
        async with database_to_read(dsn) as pool:
            stored = await any_run(pool, thread_id)
            events = watch_thread(saver_of(pool), pool, thread_id)
            if as_json or not _on_terminal():
                return await _in_lines(events, as_json=as_json)
            return await _live(events, pool, stored, dsn_given=dsn is not None)
    except asyncio.CancelledError:
        if interruption.signal is None:
            raise
        again = command_for("watch", thread_id, dsn_given=dsn is not None)
        complain(f"not watching any more: the run is left alone ({again})")
        return interruption.exit_code


def _on_terminal() -> bool:
    return sys.stdout.isatty() and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


async def _in_lines(events: AsyncIterator[RunEvent], *, as_json: bool) -> int:
    code = APPROVED
    async for event in events:
        words = json_text(event.as_dict(), indent=None) if as_json else printable(happening(event))
        if words:
            sys.stdout.write(f"{words}\n")
            sys.stdout.flush()
        if isinstance(event, RunEnded):
            code = code_of_status(event.status)
    return code


async def _live(events: AsyncIterator[RunEvent], pool: Pool, stored: StoredRun, *, dsn_given: bool) -> int:
    from langgraph_quorum.orchestration.cli.progress.live import LiveProgress  # noqa: PLC0415  imports rich

    board, code, last = Board.of(work_of(stored)), APPROVED, ""
    async with LiveProgress() as progress:
        progress.begin(board, f"thread {stored.thread_id}")
        async for event in events:
            if isinstance(event, NodeEnded) and event.node == "coordinator":  # what it has planned is known by now
                _plan(board, Board.of((await read_standing(pool, stored)).work))
            _show(progress, event)
            if isinstance(event, RunEnded):
                code, last = code_of_status(event.status), happening(event)
    show = command_for("show", stored.thread_id, dsn_given=dsn_given)
    sys.stdout.write(f"{printable(last)}\neverything: {show}\n")
    return code


def _show(progress: Progress, event: RunEvent) -> None:
    """Branches and nodes are drawn; what happens seldom stays on the screen."""
    if isinstance(event, (BranchEnded, NodeEnded)):
        told = as_progress(event)
        progress.saw(told)
        return
    if not isinstance(event, RunEnded):
        progress.note(happening(event))


def _plan(board: Board, planned: Board) -> None:
    for branch_id, cell in planned.cells.items():
        board.cells.setdefault(branch_id, cell)
