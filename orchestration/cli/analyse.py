"""`quorum run analyse`: documents are taken in, planned and analysed on one thread."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langgraph_quorum.nodes.branching.threads import in_thread
from langgraph_quorum.orchestration.cli.continuing import continue_run
from langgraph_quorum.orchestration.cli.databases import checked_dsn, database
from langgraph_quorum.orchestration.cli.delivery import Delivery
from langgraph_quorum.orchestration.cli.exits import RefusedError, complain
from langgraph_quorum.orchestration.cli.following import Follower
from langgraph_quorum.orchestration.cli.intake import STDIN, Intake, take_in
from langgraph_quorum.orchestration.cli.interruption import Interruption
from langgraph_quorum.orchestration.cli.planning import planned_work
from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.progress.choice import progress_for
from langgraph_quorum.orchestration.cli.settings import AnalysisSettings
from langgraph_quorum.orchestration.cli.standard_input import SHOWN
from langgraph_quorum.orchestration.cli.thread_ids import checked_thread
from langgraph_quorum.orchestration.cli.threads import analyses, find_run, settings_of, sources_of
from langgraph_quorum.orchestration.cli.words import shortened
from langgraph_quorum.orchestration.database import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun

_TASK_LENGTH = 200


@dataclass(frozen=True, slots=True)
class AnalyseRequest:
    """What was asked for on the command line.

    Attributes:
        sources: Files, folders, globs, or `-`.
        settings: How they are to be analysed.
        thread: The thread; None for a new one.
        dsn: The database; None for QUORUM_DSN or the embedded server.
    """

    sources: Sequence[str]
    settings: AnalysisSettings
    thread: str | None
    dsn: str | None


async def analyse_documents(request: AnalyseRequest, delivery: Delivery, interruption: Interruption) -> int:
    """Do it, and return the exit code.

    Raises:
        RefusedError: the sources, the settings or the thread are wrong; nothing was written to the database.
        QuorumError: the run could not be done, or the database cannot be used.
    """
    thread_id = checked_thread(request.thread) if request.thread is not None else uuid.uuid4().hex[:12]
    checked_dsn(request.dsn)
    async with progress_for(quiet=delivery.quiet) as progress:
        follower = Follower(progress, interruption, delivery, request.dsn is not None)
        progress.stage("reading the documents")
        intake = await in_thread(lambda: take_in(request.sources, os.environ), name="intake")
        work = await in_thread(lambda: planned_work(intake, request.settings), name="planning")
        for line in intake.refusals:
            complain(f"{line} (going on without it)")
        async with database(request.dsn, progress) as pool:
            stored = await find_run(pool, thread_id) if request.thread is not None else None
            if stored is None:
                run_input = {"task": _task(request.sources), "sources": intake.named, "work": work}
                outcome = await _start(pool, thread_id, request.settings, run_input, follower)
            else:
                outcome = await _take_up(pool, stored, request.settings, intake, follower)
            return follower.finish(outcome)


async def _start(
    pool: Pool, thread_id: str, settings: AnalysisSettings, run_input: dict[str, Any], follower: Follower
) -> dict[str, Any]:
    async with analyses(pool, settings) as orchestrator:
        run = await orchestrator.start(run_input, thread_id, options=settings.as_options())
        return await follower.follow(run, Board.of(run_input["work"]))


async def _take_up(
    pool: Pool, stored: StoredRun, settings: AnalysisSettings, intake: Intake, follower: Follower
) -> dict[str, Any]:
    """Go on with what the thread holds, when it is what was asked for."""
    if not stored.live and sources_of(stored) != intake.named:
        held = shortened(", ".join(sources_of(stored)), _TASK_LENGTH)
        raise RefusedError(f"thread {stored.thread_id!r} holds an analysis of {held}: take another --thread for these")
    if settings_of(stored) != settings:
        follower.progress.note(f"thread {stored.thread_id} keeps the settings it was started with")
    return await continue_run(pool, stored, follower)


def _task(sources: Sequence[str]) -> str:
    """What the run is called in lists, as the sources were typed."""
    return shortened("analyse " + " ".join(SHOWN if source == STDIN else source for source in sources), _TASK_LENGTH)
