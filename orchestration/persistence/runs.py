"""The register of runs: what was started under which thread, and how it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.fence import hold_token
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.orchestration.persistence.processes import parse_mark, surely_dead
from langgraph_quorum.state.errors import ConfigurationError, ThreadNotFoundError

RunStatus: TypeAlias = Literal["running", "approved", "partial", "failed", "waiting", "interrupted", "cancelled"]

_STATUSES = get_args(RunStatus)
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True)
class StoredRun:
    """One thread's last run as the register knows it.

    Attributes:
        thread_id: The thread.
        workflow: The name of the workflow it runs.
        status: How it stands. `running` only while it is live; a run whose driver is gone is `interrupted`.
        task: What it was asked to do, for people to recognise it.
        options: What it was started with, JSON.
        created_at: First start.
        updated_at: Last start or end.
        live: A lease that has not run out exists, and its owner is not known to be dead.
    """

    thread_id: str
    workflow: str
    status: RunStatus
    task: str
    options: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    live: bool


async def record_start(
    pool: Pool,
    thread_id: str,
    *,
    workflow: str,
    task: str,
    options: Mapping[str, Any] | None = None,
    token: int | None = None,
) -> None:
    """Enter a run as running; a thread that is entered again keeps its first start.

    Args:
        pool: A pool of the migrated database.
        thread_id: The thread it runs under.
        workflow: The workflow's name.
        task: What it is to do; what Postgres cannot keep in it (NUL, lone surrogates) becomes a question mark.
        options: JSON values needed to resume it.
        token: The lease's token; with it, an overtaken driver cannot write.

    Raises:
        ConfigurationError: `options` is not JSON.
        LeaseLostError: The thread has been taken over.
        DatabaseError: The register cannot be written.
    """
    try:
        text = json.dumps(dict(options or {}), allow_nan=False, ensure_ascii=False)
        text.encode()  # refuses lone surrogates
    except (TypeError, ValueError) as error:
        raise ConfigurationError("options", options, f"give JSON values only ({error})") from error
    if _NUL.search(text):
        raise ConfigurationError("options", options, "Postgres keeps no NUL character in JSON")
    values = {"thread_id": thread_id, "workflow": workflow, "task": _storable(task), "options": text}
    async with borrowed(pool, f"storing run {thread_id!r}") as connection, connection.transaction():
        await hold_token(connection, pool, thread_id, token)
        await connection.execute(pool.statements("runs")["start"], values)


async def record_end(
    pool: Pool,
    thread_id: str,
    status: RunStatus,
    *,
    token: int | None = None,
) -> None:
    """Enter how a run ended, or that it waits for answers.

    Raises:
        ConfigurationError: Not one of the known statuses.
        ThreadNotFoundError: The thread was never entered.
        LeaseLostError: `token` is given and the thread has been taken over.
        DatabaseError: The register cannot be written.
    """
    _check_status(status)
    async with borrowed(pool, f"storing the end of run {thread_id!r}") as connection, connection.transaction():
        await hold_token(connection, pool, thread_id, token)
        values = {"thread_id": thread_id, "status": status}
        if await (await connection.execute(pool.statements("runs")["end"], values)).fetchone() is None:
            raise ThreadNotFoundError(thread_id)


async def get_run(pool: Pool, thread_id: str) -> StoredRun:
    """Look one run up.

    Raises:
        ThreadNotFoundError: The thread was never entered.
        DatabaseError: The register cannot be read.
    """
    async with borrowed(pool, f"reading run {thread_id!r}") as connection:
        row = await (await connection.execute(pool.statements("runs")["get"], {"thread_id": thread_id})).fetchone()
    if row is None:
        raise ThreadNotFoundError(thread_id)
    return _stored_run(row)


async def list_runs(pool: Pool, *, limit: int = 50, status: RunStatus | None = None) -> list[StoredRun]:
    """The last changed runs first.

    Args:
        pool: A pool of the migrated database.
        limit: How many at most; at least 1.
        status: Only runs that stand so, judged as in `StoredRun.status`.

    Raises:
        ConfigurationError: `limit` or `status` makes no sense.
        DatabaseError: The register cannot be read.
    """
    if limit < 1:
        raise ConfigurationError("limit", limit, "give at least 1")
    if status is not None:
        _check_status(status)
    async with borrowed(pool, "listing the runs") as connection:
        values = {"limit": limit, "status": status}
        rows = await (await connection.execute(pool.statements("runs")["list"], values)).fetchall()
    runs = [_stored_run(row) for row in rows]
    return [run for run in runs if status is None or run.status == status][:limit]


def _stored_run(row: DictRow) -> StoredRun:
    mark = parse_mark(row["lease_owner"]) if row["leased"] else None
    live = bool(row["leased"]) and not (mark is not None and surely_dead(mark))
    status: RunStatus = "interrupted" if row["status"] == "running" and not live else row["status"]
    kept = {key: row[key] for key in ("thread_id", "workflow", "task", "options", "created_at", "updated_at")}
    return StoredRun(status=status, live=live, **kept)


def _storable(text: str) -> str:
    return text.replace("\x00", "?").encode("utf-8", "replace").decode("utf-8")


def _check_status(status: str) -> None:
    if status not in _STATUSES:
        raise ConfigurationError("status", status, f"give one of {', '.join(_STATUSES)}")
