"""`quorum runs` and `quorum show`: what is stored, looked at without driving anything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from langgraph_quorum.orchestration.cli.databases import database
from langgraph_quorum.orchestration.cli.exits import APPROVED, RefusedError
from langgraph_quorum.orchestration.cli.json_output import as_object, print_json
from langgraph_quorum.orchestration.cli.progress.silent import NoProgress
from langgraph_quorum.orchestration.cli.thread_ids import checked_thread
from langgraph_quorum.orchestration.cli.threads import analyses, known_run, settings_of, sources_of, work_of
from langgraph_quorum.orchestration.persistence.runs import StoredRun, list_runs


async def list_threads(dsn: str | None, *, limit: int, as_json: bool) -> int:
    """Print the last changed runs, and return the exit code.

    Raises:
        QuorumError: the limit makes no sense, or the database cannot be used.
    """
    if limit < 1:
        raise RefusedError(f"--limit {limit}: give a number from 1")
    async with database(dsn, NoProgress()) as pool:
        runs = await list_runs(pool, limit=limit)
    if as_json:
        print_json([_as_json(run) for run in runs])
        return APPROVED
    from langgraph_quorum.orchestration.cli.rendering.runs import print_runs  # noqa: PLC0415  imports rich

    print_runs(runs, datetime.now(UTC))
    return APPROVED


async def show_thread(dsn: str | None, thread: str, *, as_json: bool) -> int:
    """Print how a run stands, and return the exit code: 0 when it could be shown, however it stands.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        QuorumError: a Python program started it, or the database cannot be used.
    """
    thread_id = checked_thread(thread)
    async with database(dsn, NoProgress()) as pool:
        stored = await known_run(pool, thread_id)
        async with analyses(pool, settings_of(stored)) as orchestrator:
            outcome = await orchestrator.get(thread_id)
    outcome["sources"] = outcome.get("sources") or sources_of(stored)
    if as_json:
        print_json(as_object(outcome))
        return APPROVED
    from langgraph_quorum.orchestration.cli.rendering.outcome import print_outcome  # noqa: PLC0415  imports rich

    print_outcome(outcome, dsn_given=dsn is not None, work=work_of(stored))
    return APPROVED


def _as_json(run: StoredRun) -> dict[str, Any]:
    return {
        "thread_id": run.thread_id,
        "status": run.status,
        "workflow": run.workflow,
        "task": run.task,
        "sources": sources_of(run),
        "created_at": run.created_at.isoformat(),
        "updated_at": run.updated_at.isoformat(),
        "live": run.live,
    }
