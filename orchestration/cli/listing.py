"""`quorum runs`: the runs that are stored, page by page."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast, get_args

from langgraph_quorum.orchestration.cli.databases import database_to_read
from langgraph_quorum.orchestration.cli.durations import duration_s
from langgraph_quorum.orchestration.cli.exits import APPROVED, RefusedError
from langgraph_quorum.orchestration.cli.json_output import print_json
from langgraph_quorum.orchestration.cli.threads import sources_of
from langgraph_quorum.orchestration.persistence.encryption import environment_sealer
from langgraph_quorum.orchestration.persistence.listing import Wanted, list_page
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.orchestration.persistence.stored_run import readable
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import RunStatus
from langgraph_quorum.state.words import suggestion

_MOST = 1000


def wanted_runs(
    *,
    status: str | None,
    workflow: str | None,
    tag: str | None,
    older_than: str | None,
    newer_than: str | None,
    limit: int,
    after: str | None,
) -> Wanted:
    """Which runs are asked for, as it was typed.

    Raises:
        RefusedError: naming the option that is wrong and what to give instead.
    """
    if not 1 <= limit <= _MOST:
        raise RefusedError(f"--limit {limit}: give a number from 1 to {_MOST}")
    return Wanted(
        status=checked_status(status),
        workflow=checked_name("--workflow", workflow),
        tag=checked_name("--tag", tag),
        older_than_s=duration_s("--older-than", older_than),
        newer_than_s=duration_s("--newer-than", newer_than),
        limit=limit,
        after=after,
    )


def checked_status(status: str | None) -> RunStatus | None:
    """The status that was typed.

    Raises:
        RefusedError: there is no such status.
    """
    known = get_args(RunStatus)
    if status is not None and status not in known:
        raise RefusedError(f"--status {status}: {suggestion(status, known)}")
    return cast("RunStatus | None", status)


def checked_name(option: str, value: str | None) -> str | None:
    """The tag or workflow that was typed.

    Raises:
        RefusedError: it is empty, as an unset variable of the shell is, or not UTF-8.
    """
    if value is not None and (not value or value != value.encode("utf-8", "replace").decode()):
        raise RefusedError(f"{option} {value!r}: give a text that is not empty, in UTF-8")
    return value


async def list_threads(dsn: str | None, wanted: Wanted, *, as_json: bool) -> int:
    """Print the page of runs, and return the exit code.

    Raises:
        RefusedError: `--after` is not from a page.
        QuorumError: the database cannot be used.
    """
    async with database_to_read(dsn) as pool:
        try:
            page = await list_page(pool, wanted)
        except ConfigurationError as error:
            if error.field != "after":
                raise
            mend = "give the mark that the page before ended with, as it is"
            raise RefusedError(f"--after {error.value}: {mend}") from error
    runs = [readable(run, environment_sealer()) for run in page.runs]
    if as_json:
        print_json([_as_json(run) for run in runs])
        return APPROVED
    from langgraph_quorum.orchestration.cli.rendering.runs import print_runs  # noqa: PLC0415  imports rich

    print_runs(runs, datetime.now(UTC), after=page.next, narrowed=_narrowed(wanted))
    return APPROVED


def _narrowed(wanted: Wanted) -> bool:
    """Whether anything but the number of runs was asked for."""
    return any(value is not None for name, value in asdict(wanted).items() if name != "limit")


def _as_json(run: StoredRun) -> dict[str, Any]:
    return {
        "thread_id": run.thread_id,
        "status": run.status,
        "workflow": run.workflow,
        "task": run.task,
        "tags": list(run.tags),
        "sources": sources_of(run),
        "created_at": run.created_at.isoformat(),
        "updated_at": run.updated_at.isoformat(),
        "live": run.live,
        "asked": run.asked,
        "reason": run.reason,
        "forked_from": run.forked_from,
        "forked_checkpoint": run.forked_checkpoint,
    }
