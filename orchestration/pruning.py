"""Taking away what old runs have stored: whole runs, or all their checkpoints but the latest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from psycopg import errors

from langgraph_quorum.orchestration.naming import check_stored
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.fence import hold_token
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.listing import checked_age, checked_text
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed
from langgraph_quorum.orchestration.persistence.runs import find_run
from langgraph_quorum.orchestration.persistence.stored_run import ENDED, RunStatus, check_status
from langgraph_quorum.state.errors import ConfigurationError, ThreadBusyError, ThreadNotFoundError

_BATCH = 20
_BATCH_S = 60.0
_KEEP_ALL_BELOW = 10**9


@dataclass(frozen=True, slots=True)
class PruneReport:
    """What was taken away, or with a dry run would be.

    Attributes:
        deleted: Threads of which nothing is left.
        thinned: Threads of which the latest checkpoint is left.
        skipped: Threads that somebody took or changed meanwhile, and those of which LangGraph cannot thin out the
            checkpoints, because their state has a `DeltaChannel`.
        dry_run: Whether nothing was taken away.
    """

    deleted: tuple[str, ...]
    thinned: tuple[str, ...]
    skipped: tuple[str, ...]
    dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """Which runs go: those that meet every condition.

    Attributes:
        older_than_s: Seconds since the run's last change at least, by the database's clock.
        keep: How many to keep of the newest that meet the other conditions, whatever their age.
        keep_latest: Keep the run and its latest checkpoint: what it has given can still be read, and its steps not.
        status: How they stand; by default those that have ended: approved, partial, failed, cancelled.
        workflow: Only runs of this workflow.
        tag: Only runs with this tag.
    """

    older_than_s: float | None = None
    keep: int | None = None
    keep_latest: bool = False
    status: RunStatus | Collection[RunStatus] | None = None
    workflow: str | None = None
    tag: str | None = None

    def checked(self) -> dict[str, Any]:
        """The conditions for the statements.

        Raises:
            ConfigurationError: one makes no sense; without an age or a number to keep, all would be deleted.
        """
        keep = self.keep
        whole = isinstance(keep, int) and not isinstance(keep, bool)
        if keep is not None and not (whole and 0 <= keep < _KEEP_ALL_BELOW):
            raise ConfigurationError("keep", keep, "give a whole number from 0, or None")
        if self.older_than_s is None and keep is None and not self.keep_latest:
            raise ConfigurationError("older_than_s", None, "give an age, or a number of runs to `keep`")
        return {
            "older_than_s": checked_age("older_than_s", self.older_than_s),
            "keep": keep or 0,
            "statuses": _stored_as(self.status),
            "workflow": checked_text("workflow", self.workflow),
            "tag": checked_text("tag", self.tag),
            "batch": _BATCH,
            "after_at": "-infinity",
            "after_thread": "",
        }


async def prune_runs(
    pool: Pool, saver: BaseCheckpointSaver[Any], pruned: Pruned, *, dry_run: bool = False
) -> PruneReport:
    """Delete old runs, the oldest first, a few in each transaction. What runs is never touched.

    Their artifacts stay until they are collected, and the rows of their leases stay.

    Args:
        pool: A pool of the migrated database.
        saver: Thins out checkpoints.
        pruned: Which runs, and how much of them.
        dry_run: Only tell.

    Raises:
        ConfigurationError: a condition makes no sense; without an age or a number to keep, all would be deleted.
        DatabaseError: the database cannot be used. What was taken away before is gone.
    """
    conditions, sql = pruned.checked(), pool.statements("pruning")
    report = PruneReport((), (), (), dry_run)
    async with borrowed(pool, "looking for old runs") as connection:
        conditions |= await _row(connection, sql["bounds"], conditions)
    while conditions["from_thread"] is not None:
        async with borrowed(pool, "looking for old runs") as connection:
            rows = await (await connection.execute(sql["choose"], conditions)).fetchall()
        if not rows:
            break
        conditions |= {"after_at": rows[-1]["updated_at"], "after_thread": rows[-1]["thread_id"]}
        chosen = [row["thread_id"] for row in rows]
        if dry_run:
            gone, skipped = chosen, list[str]()
        elif pruned.keep_latest:
            gone, skipped = await _thin(pool, saver, chosen)
        else:
            gone, skipped = await _delete(pool, chosen, conditions)
        report = _added(report, gone, skipped, keep_latest=pruned.keep_latest)
    return report


async def delete_thread(pool: Pool, saver: BaseCheckpointSaver[Any], thread_id: str) -> None:
    """Delete all that is stored of a thread, but for its lease's row, whose token must go on growing.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        ThreadBusyError: somebody drives it: cancel it first.
        DatabaseError: the database cannot be used.
    """
    check_stored(thread_id)
    with database_errors(f"deleting thread {thread_id!r}"):
        if await find_run(pool, thread_id) is None and await saver.aget_tuple(_config(thread_id)) is None:
            raise ThreadNotFoundError(thread_id)
        async with hold_lease(pool, thread_id) as lease:
            doing = f"deleting thread {thread_id!r}"
            async with borrowed(pool, doing, timeout_s=_BATCH_S) as connection, connection.transaction():
                await hold_token(connection, pool, thread_id, lease.token)
                await _forget(connection, pool, [thread_id])


async def _delete(pool: Pool, chosen: Sequence[str], conditions: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Delete those that nobody took meanwhile, in one transaction."""
    sql = pool.statements("pruning")
    async with borrowed(pool, "deleting old runs", timeout_s=_BATCH_S) as connection, connection.transaction():
        values = {**conditions, "thread_ids": list(chosen)}
        taken = await (await connection.execute(sql["take"], values)).fetchall()
        values["taken"] = [row["thread_id"] for row in taken]
        still = {row["thread_id"] for row in await (await connection.execute(sql["still"], values)).fetchall()}
        gone = [thread_id for thread_id in chosen if thread_id in still]
        await _forget(connection, pool, gone)
    return gone, [thread_id for thread_id in chosen if thread_id not in still]


async def _thin(pool: Pool, saver: BaseCheckpointSaver[Any], chosen: Sequence[str]) -> tuple[list[str], list[str]]:
    """Leave each of these its latest checkpoint only."""
    done, skipped = list[str](), list[str]()
    for thread_id in chosen:
        with database_errors(f"thinning out thread {thread_id!r}"):
            try:
                async with hold_lease(pool, thread_id):
                    await saver.aprune([thread_id], strategy="keep_latest")
                done.append(thread_id)
            # Somebody drives it; has taken it over and deletes from it; or its state has a DeltaChannel.
            except (ThreadBusyError, errors.SerializationFailure, NotImplementedError):
                skipped.append(thread_id)
    return done, skipped


async def _forget(connection: Connection, pool: Pool, thread_ids: list[str]) -> None:
    sql = pool.statements("pruning")
    for table in ("writes", "blobs", "checkpoints", "references", "runs"):
        await connection.execute(sql[table], {"thread_ids": thread_ids})


async def _row(connection: Connection, statement: bytes, values: dict[str, Any]) -> dict[str, Any]:
    return await (await connection.execute(statement, values)).fetchone() or {}


def _added(report: PruneReport, gone: Sequence[str], skipped: Sequence[str], *, keep_latest: bool) -> PruneReport:
    report = replace(report, skipped=(*report.skipped, *skipped))
    if keep_latest:
        return replace(report, thinned=(*report.thinned, *gone))
    return replace(report, deleted=(*report.deleted, *gone))


def _stored_as(status: RunStatus | Collection[RunStatus] | None) -> list[str]:
    """How runs that stand like this are entered in the register."""
    named: Collection[Any] = [status] if isinstance(status, str) or not isinstance(status, Collection) else status
    if status is None:
        named = ENDED
    for name in named:
        check_status(name)
    statuses = set(named)
    if "running" in statuses:
        raise ConfigurationError("status", "running", "a run that is driven is not pruned: cancel it first")
    # A run whose driver is gone stands as running in the register, and as interrupted for everybody else.
    return sorted(statuses | ({"running"} if "interrupted" in statuses else set()))


def _config(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
