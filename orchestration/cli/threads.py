"""Threads that hold a run of this command: looked up, told from those of Python programs, and opened to go on."""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.orchestration.cli.settings import COMMAND, WORKFLOW, AnalysisSettings, stored_settings
from langgraph_quorum.orchestration.orchestrator import Orchestrator
from langgraph_quorum.orchestration.persistence.encryption import environment_sealer
from langgraph_quorum.orchestration.persistence.listing import Wanted, list_page
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun, find_run
from langgraph_quorum.orchestration.persistence.stored_run import opened, readable
from langgraph_quorum.state.errors import ThreadNotFoundError
from langgraph_quorum.state.records import WorkItem

FINISHED = frozenset({"approved", "partial", "failed"})

_SEARCHED = 1000
"""Among so many runs, the last changed ones, a misspelt thread is looked for."""


async def any_run(pool: Pool, thread_id: str) -> StoredRun:
    """The run on this thread, whoever started it; without task and options where our keys do not open them.

    Raises:
        RefusedError: there is none, but one with nearly this name.
        ThreadNotFoundError: there is none.
        DatabaseError: the register cannot be read.
    """
    return readable(await _found(pool, thread_id), environment_sealer())


async def _found(pool: Pool, thread_id: str) -> StoredRun:
    stored = await find_run(pool, thread_id)
    if stored is not None:
        return stored
    known = [run.thread_id for run in await list_page(pool, Wanted(limit=_SEARCHED))]
    near = difflib.get_close_matches(thread_id, known, n=1)
    if near:
        raise RefusedError(f"no run is stored as thread {thread_id!r}: did you mean {near[0]!r}?")
    raise ThreadNotFoundError(thread_id)


async def analysis_on(pool: Pool, thread_id: str) -> StoredRun | None:
    """The analysis on this thread; None when nothing is.

    Raises:
        RefusedError: a Python program started what is there.
        SealError: it is encrypted, and not for our keys.
        DatabaseError: the register cannot be read.
    """
    found = await find_run(pool, thread_id)
    if found is None:
        return None
    stored = opened(found, environment_sealer())
    check_analysis(stored, "resume")
    return stored


async def known_run(pool: Pool, thread_id: str, verb: str) -> StoredRun:
    """The analysis on this thread, to do something with it that takes its graph.

    Raises:
        ThreadNotFoundError: there is none.
        RefusedError: a Python program started it, or there is one with nearly this name.
        SealError: it is encrypted, and not for our keys.
        DatabaseError: the register cannot be read.
    """
    stored = opened(await _found(pool, thread_id), environment_sealer())
    check_analysis(stored, verb)
    return stored


def is_analysis(stored: StoredRun) -> bool:
    """Whether this command knows the graph that the run is of."""
    return stored.workflow == WORKFLOW and stored.options.get("command") == COMMAND


def check_analysis(stored: StoredRun, verb: str) -> None:
    """Refuse a run whose graph only its Python program knows.

    Raises:
        RefusedError: naming what to do instead.
    """
    if not is_analysis(stored):
        raise RefusedError(
            f"thread {stored.thread_id!r} runs {stored.workflow!r}, which was started from Python: {verb} it there,"
            f" with Orchestrator.{verb} (`quorum show` and `quorum watch` work here, too)"
        )


@asynccontextmanager
async def analyses(pool: Pool, settings: AnalysisSettings) -> AsyncIterator[Orchestrator]:
    """An orchestrator of the graph that these settings make."""
    async with Orchestrator.on(settings.graph(), pool, WORKFLOW) as orchestrator:
        yield orchestrator


def settings_of(stored: StoredRun) -> AnalysisSettings:
    """What the run was started with.

    Raises:
        ConfigurationError: it was kept by a release that kept something else.
    """
    return stored_settings(stored.options)


def work_of(stored: StoredRun) -> list[WorkItem]:
    """The branches that the run was planned with."""
    work: list[WorkItem] = _input_of(stored).get("work", [])
    return work


def sources_of(stored: StoredRun) -> list[str]:
    """What the run was to work on."""
    sources: list[str] = _input_of(stored).get("sources", [])
    return sources


def _input_of(stored: StoredRun) -> dict[str, Any]:
    given = stored.options.get("input")
    return given if isinstance(given, dict) else {}
