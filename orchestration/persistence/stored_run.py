"""What the register says of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.processes import parse_mark, surely_dead
from langgraph_quorum.orchestration.persistence.sealed_register import from_text, opened_options, opened_task
from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.state.errors import ConfigurationError, SealError

RunStatus: TypeAlias = Literal["running", "approved", "partial", "failed", "waiting", "interrupted", "cancelled"]
Request: TypeAlias = Literal["cancel", "drain"]

STATUSES: tuple[RunStatus, ...] = get_args(RunStatus)
ENDED: frozenset[RunStatus] = frozenset({"approved", "partial", "failed", "cancelled"})
"""Statuses of runs that do not go on by themselves, and wait for nobody."""
SEALED_TASK = "(encrypted)"


@dataclass(frozen=True)
class StoredRun:
    """One thread's last run as the register knows it.

    Attributes:
        thread_id: The thread.
        workflow: The name of the workflow it runs.
        status: How it stands. `running` only while it is live; a run whose driver is gone is `interrupted`.
        task: What it was asked to do, for people to recognise it.
        options: What it was started with, JSON. In a list of runs of the input only `sources`, if it has them.
        created_at: First start.
        updated_at: Last start or end.
        live: A lease that has not run out exists, and its owner is not known to be dead.
        tags: What it was tagged with at its first start.
        asked: What its driver was asked to do and has not done yet.
        reason: Why that was asked, or why the run was cancelled; of one that its graph failed the error, in a line.
        forked_from: The thread that it is a copy of.
        forked_checkpoint: The checkpoint of that thread.
        left_out: Whether the options, being too large for a list of runs, are {} here.
    """

    thread_id: str
    workflow: str
    status: RunStatus
    task: str
    options: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    live: bool
    tags: tuple[str, ...] = ()
    asked: Request | None = None
    reason: str | None = None
    forked_from: str | None = None
    forked_checkpoint: str | None = None
    left_out: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do, or it was cancelled."""
        return self.status in ENDED


def stored_run(row: DictRow) -> StoredRun:
    """A run from a row of `runs` with its lease's owner (`lease_owner`) and whether that has not run out (`leased`).

    Whether an owner is dead only its own host can tell.
    """
    mark = parse_mark(row["lease_owner"]) if row["leased"] else None
    live = bool(row["leased"]) and not (mark is not None and surely_dead(mark))
    status: RunStatus = "interrupted" if row["status"] == "running" and not live else row["status"]
    kept = {key: row[key] for key in ("thread_id", "workflow", "task", "created_at", "updated_at")}
    later = {key: row[key] for key in ("asked", "reason", "forked_from", "forked_checkpoint")}
    options = row["options"]
    return StoredRun(
        status=status,
        live=live,
        tags=tuple(row["tags"]),
        options={} if options is None else options,
        left_out=options is None,
        **kept,
        **later,
    )


def opened(run: StoredRun, sealer: Sealer | None) -> StoredRun:
    """The run with its task and options as they were given. Everything else is never encrypted.

    Raises:
        SealError: they are encrypted and there is no sealer; or there is one and they are not, or cannot be opened.
    """
    if run.left_out and sealer is None and from_text(run.task) is not None:
        raise SealError(f"run {run.thread_id!r} is encrypted: set QUORUM_ENCRYPTION_KEYS, or give its sealer")
    options = {} if run.left_out else opened_options(sealer, run.thread_id, run.options)
    return replace(run, options=options, task=opened_task(sealer, run.thread_id, run.task))


def readable(run: StoredRun, sealer: Sealer | None) -> StoredRun:
    """The same for whoever only looks: without task and options where they cannot be opened."""
    try:
        return opened(run, sealer)
    except SealError:
        return replace(run, task=SEALED_TASK, options={})


def without_input(run: StoredRun) -> StoredRun:
    """The opened run as a list of runs has it: of its input only `sources`, which says what it was to work on."""
    given = run.options.get("input")
    rest = {name: value for name, value in run.options.items() if name != "input"}
    if isinstance(given, Mapping) and "sources" in given:
        rest["input"] = {"sources": given["sources"]}
    return replace(run, options=rest)


def check_status(status: str) -> None:
    """Refuse what is no status.

    Raises:
        ConfigurationError: naming those that there are.
    """
    if status not in STATUSES:
        raise ConfigurationError("status", status, f"give one of {', '.join(STATUSES)}")
