"""Threads that hold a run of this command: looked up, told from those of Python programs, and opened to go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.orchestration.cli.settings import COMMAND, WORKFLOW, AnalysisSettings, stored_settings
from langgraph_quorum.orchestration.orchestrator import Orchestrator
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun, get_run
from langgraph_quorum.state.errors import ThreadNotFoundError
from langgraph_quorum.state.records import WorkItem

FINISHED = frozenset({"approved", "partial", "failed"})


async def find_run(pool: Pool, thread_id: str) -> StoredRun | None:
    """The run on this thread; None when there is none.

    Raises:
        RefusedError: a Python program started it.
        DatabaseError: the register cannot be read.
    """
    try:
        stored = await get_run(pool, thread_id)
    except ThreadNotFoundError:
        return None
    if stored.workflow != WORKFLOW or stored.options.get("command") != COMMAND:
        raise RefusedError(
            f"thread {thread_id!r} runs {stored.workflow!r}, which was started from Python: look at it and resume it"
            " there, with Orchestrator.get and Orchestrator.resume"
        )
    return stored


async def known_run(pool: Pool, thread_id: str) -> StoredRun:
    """The run on this thread.

    Raises:
        ThreadNotFoundError: there is none.
        RefusedError: a Python program started it.
        DatabaseError: the register cannot be read.
    """
    stored = await find_run(pool, thread_id)
    if stored is None:
        raise ThreadNotFoundError(thread_id)
    return stored


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
