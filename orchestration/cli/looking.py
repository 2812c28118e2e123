"""`quorum show` and `quorum history`: what is stored of a run, looked at without driving anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from langgraph_quorum.orchestration.artifacts import default_artifacts, with_text
from langgraph_quorum.orchestration.cli.databases import database_to_read
from langgraph_quorum.orchestration.cli.exits import APPROVED, RefusedError, complain
from langgraph_quorum.orchestration.cli.json_output import as_object, print_json
from langgraph_quorum.orchestration.cli.sealed import saver_of
from langgraph_quorum.orchestration.cli.stored import Standing, read_standing
from langgraph_quorum.orchestration.cli.thread_ids import checked_thread
from langgraph_quorum.orchestration.cli.threads import (
    analyses,
    any_run,
    is_analysis,
    settings_of,
    sources_of,
    work_of,
)
from langgraph_quorum.orchestration.history import StoredCheckpoint, history_of
from langgraph_quorum.orchestration.persistence.encryption import environment_sealer
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.state.errors import ArtifactError, ConfigurationError, SealError

_MOST = 1000


async def show_thread(dsn: str | None, thread: str, *, as_json: bool) -> int:
    """Print how a run stands, and return the exit code: 0 when it could be shown, however it stands.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        QuorumError: the database cannot be used.
    """
    thread_id = checked_thread(thread)
    async with database_to_read(dsn) as pool:
        stored = await any_run(pool, thread_id)
        if is_analysis(stored):
            return await _show_analysis(pool, stored, dsn_given=dsn is not None, as_json=as_json)
        standing = await read_standing(pool, stored)
        outcome = await _whole(pool, standing.outcome) if as_json else standing.outcome
    if as_json:
        print_json(_as_json(standing, outcome))
        return APPROVED
    from langgraph_quorum.orchestration.cli.rendering.standing import print_standing  # noqa: PLC0415  imports rich

    print_standing(standing, datetime.now(UTC), dsn_given=dsn is not None)
    return APPROVED


async def show_history(dsn: str | None, thread: str, *, limit: int, before: str | None, as_json: bool) -> int:
    """Print the checkpoints of a run, and return the exit code.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        RefusedError: the limit makes no sense, or the run has no checkpoint `before`.
        QuorumError: the database cannot be used, or the run holds classes that only its program may load.
    """
    if not 1 <= limit <= _MOST:
        raise RefusedError(f"--limit {limit}: give a number from 1 to {_MOST}")
    if before is not None and not before.strip():
        raise RefusedError("--before: give the id of a checkpoint")
    thread_id = checked_thread(thread)
    async with database_to_read(dsn) as pool:
        stored = await any_run(pool, thread_id)
        try:
            steps = await history_of(pool, saver_of(pool), thread_id, limit=limit, before=before)
        except ConfigurationError as error:
            raise RefusedError(f"--before {before}: {error.mend}") from error
    if as_json:
        print_json([_step_as_json(step) for step in steps])
        return APPROVED
    if not steps and before is None:
        why = f": {stored.reason}" if stored.reason else ""
        complain(f"thread {thread_id!r} has no state yet, it is {stored.status}{why}")
        return APPROVED
    from langgraph_quorum.orchestration.cli.rendering.history import print_history  # noqa: PLC0415  imports rich

    print_history(steps, datetime.now(UTC))
    return APPROVED


async def _show_analysis(pool: Pool, stored: StoredRun, *, dsn_given: bool, as_json: bool) -> int:
    async with analyses(pool, settings_of(stored)) as orchestrator:
        outcome = await orchestrator.get(stored.thread_id)
    outcome["sources"] = outcome.get("sources") or sources_of(stored)
    if as_json:
        print_json(as_object(outcome))
        return APPROVED
    from langgraph_quorum.orchestration.cli.rendering.outcome import print_outcome  # noqa: PLC0415  imports rich

    print_outcome(outcome, dsn_given=dsn_given, work=work_of(stored))
    return APPROVED


async def _whole(pool: Pool, outcome: Mapping[str, Any]) -> Mapping[str, Any]:
    """The outcome with the texts of its result, as `Orchestrator.get` gives it, where they are in the database."""
    try:
        return await with_text(dict(outcome), default_artifacts(pool, environment_sealer()))
    except (ArtifactError, SealError):  # the program has a store of its own, or keys of its own
        return outcome


def _as_json(standing: Standing, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """The outcome as everywhere, and what is known of the run beside it."""
    run = standing.run
    return {
        **as_object(outcome),
        "workflow": run.workflow,
        "task": run.task,
        "tags": list(run.tags),
        "reason": run.reason,
        "nodes": list(standing.ended),
        "next": list(standing.following),
        "values": dict(standing.values),
    }


def _step_as_json(step: StoredCheckpoint) -> dict[str, Any]:
    return {**asdict(step), "created_at": None if step.created_at is None else step.created_at.isoformat()}
