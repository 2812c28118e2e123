"""`quorum run analyse`, second half: the branches are planned, and run or taken up on their thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph_quorum.nodes.branching.threads import in_thread
from langgraph_quorum.orchestration.cli.analyse import AnalyseRequest
from langgraph_quorum.orchestration.cli.busy import OnBusy
from langgraph_quorum.orchestration.cli.continuing import continue_run
from langgraph_quorum.orchestration.cli.databases import checked_dsn, database
from langgraph_quorum.orchestration.cli.exits import RefusedError, complain
from langgraph_quorum.orchestration.cli.following import Follower
from langgraph_quorum.orchestration.cli.intake import STDIN, Intake
from langgraph_quorum.orchestration.cli.planning import planned_work
from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.settings import AnalysisSettings, checked_settings
from langgraph_quorum.orchestration.cli.standard_input import SHOWN
from langgraph_quorum.orchestration.cli.threads import analyses, analysis_on, settings_of, sources_of
from langgraph_quorum.orchestration.cli.words import shortened
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.register import checked_tags
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.state.errors import ConfigurationError

_TASK_LENGTH = 200


async def run_analysis(thread_id: str, request: AnalyseRequest, intake: Intake, follower: Follower) -> int:
    """Plan it, run it or take it up, and hand its outcome over. Returns the exit code.

    Raises:
        RefusedError: the settings or the thread are wrong; nothing was written to the database.
        QuorumError: the run could not be done, or the database cannot be used.
    """
    checked_dsn(request.dsn)
    _check_tags(request.tags)
    settings = checked_settings(request.specialists, request.sync, request.mode, request.review, request.questions)
    work = await in_thread(lambda: planned_work(intake, settings), name="planning")
    for line in intake.refusals:
        complain(f"{line} (going on without it)")
    async with database(request.dsn, follower.progress) as pool:
        stored = await analysis_on(pool, thread_id) if request.thread is not None else None
        if stored is None:
            run_input = {"task": _task(request.sources), "sources": intake.named, "work": work}
            outcome = await _start(pool, thread_id, settings, run_input, follower, request=request)
        else:
            outcome = await _take_up(pool, stored, settings, intake, follower, on_busy=request.on_busy)
        return follower.finish(outcome)


def _check_tags(tags: Sequence[str]) -> None:
    try:
        checked_tags(tags)
    except ConfigurationError as error:
        raise RefusedError(f"--tag {error.value!r}: {error.mend}") from error


async def _start(
    pool: Pool,
    thread_id: str,
    settings: AnalysisSettings,
    run_input: dict[str, Any],
    follower: Follower,
    *,
    request: AnalyseRequest,
) -> dict[str, Any]:
    async with analyses(pool, settings) as orchestrator:
        run = await orchestrator.start(
            run_input, thread_id, options=settings.as_options(), tags=request.tags, on_busy=request.on_busy
        )
        return await follower.follow(run, Board.of(run_input["work"]))


async def _take_up(
    pool: Pool, stored: StoredRun, settings: AnalysisSettings, intake: Intake, follower: Follower, *, on_busy: OnBusy
) -> dict[str, Any]:
    """Go on with what the thread holds, when it is what was asked for."""
    if not stored.live and sources_of(stored) != intake.named:
        held = shortened(", ".join(sources_of(stored)), _TASK_LENGTH)
        raise RefusedError(f"thread {stored.thread_id!r} holds an analysis of {held}: take another --thread for these")
    if settings_of(stored) != settings:
        follower.progress.note(f"thread {stored.thread_id} keeps the settings it was started with")
    if stored.status == "cancelled" and not stored.live:
        raise RefusedError(
            f"thread {stored.thread_id!r} was cancelled: go on with `quorum resume`, or take another --thread"
        )
    return await continue_run(pool, stored, follower, on_busy=on_busy)


def _task(sources: Sequence[str]) -> str:
    """What the run is called in lists, as the sources were typed."""
    return shortened("analyse " + " ".join(SHOWN if source == STDIN else source for source in sources), _TASK_LENGTH)
