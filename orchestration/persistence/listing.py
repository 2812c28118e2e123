"""Listing the runs, page by page: a page goes on behind the last run seen, so that new runs move nothing."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, overload

from langgraph_quorum.orchestration.naming import is_name
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed
from langgraph_quorum.orchestration.persistence.stored_run import RunStatus, StoredRun, check_status, stored_run
from langgraph_quorum.state.errors import ConfigurationError

_MOST = 1000
_OPTIONS_BYTES = 64 * 1024
"""Options of a listed run that are larger are left out, so that a page stays small whatever runs were started with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which runs are to be on a page: those that meet every condition.

    Attributes:
        status: Judged as in `StoredRun.status`.
        workflow: Its name.
        tag: One that the run has.
        older_than_s: Seconds since the last change at least, by the database's clock.
        newer_than_s: Seconds since the last change at most.
        limit: Runs on a page, from 1 to 1000.
        after: `next` of the page before; the other conditions are to be the same.
    """

    status: RunStatus | None = None
    workflow: str | None = None
    tag: str | None = None
    older_than_s: float | None = None
    newer_than_s: float | None = None
    limit: int = 50
    after: str | None = None

    def checked(self) -> dict[str, Any]:
        """The conditions for the statement.

        Raises:
            ConfigurationError: naming one that makes no sense.
        """
        if isinstance(self.limit, bool) or not isinstance(self.limit, int) or not 1 <= self.limit <= _MOST:
            raise ConfigurationError("limit", self.limit, f"give a whole number from 1 to {_MOST}")
        if self.status is not None:
            check_status(self.status)
        return {
            "statuses": _stored_as(self.status),
            "workflow": checked_text("workflow", self.workflow),
            "tag": checked_text("tag", self.tag),
            "older_than_s": checked_age("older_than_s", self.older_than_s),
            "newer_than_s": checked_age("newer_than_s", self.newer_than_s),
            "limit": self.limit + 1,
            "options_bytes": _OPTIONS_BYTES,
        }


@dataclass(frozen=True, slots=True)
class RunPage:
    """Some runs, the last changed first.

    Attributes:
        runs: In their order.
        next: For `after`, to get the page behind this one; None when there is none.
    """

    runs: tuple[StoredRun, ...]
    next: str | None

    def __iter__(self) -> Iterator[StoredRun]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    @overload
    def __getitem__(self, at: int) -> StoredRun: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[StoredRun, ...]: ...
    def __getitem__(self, at: int | slice) -> StoredRun | tuple[StoredRun, ...]:
        return self.runs[at]


async def list_page(pool: Pool, wanted: Wanted | None = None) -> RunPage:
    """One page of the runs, the last changed first.

    A run that is started or ends while pages are turned moves to the front, and is not seen twice. Runs come without
    their input, for a page is to be small: `get_run` gives it.

    Args:
        pool: A pool of the migrated database.
        wanted: Which runs; by default the first page of all.

    Raises:
        ConfigurationError: A condition makes no sense, or `after` is not from a page.
        DatabaseError: The register cannot be read.
    """
    wanted = Wanted() if wanted is None else wanted
    conditions = wanted.checked()
    async with borrowed(pool, "listing the runs") as connection:
        found = await _found(connection, pool, conditions, wanted.status, _position(wanted.after))
    runs = tuple(found[: wanted.limit])
    return RunPage(runs, _cursor(runs[-1]) if len(found) > wanted.limit else None)


def checked_age(field: str, seconds: float | None) -> float | None:
    """Refuse what is no age.

    Raises:
        ConfigurationError: naming the field.
    """
    if seconds is None:
        return None
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not number or not math.isfinite(seconds) or not 0 <= seconds <= 1e9:  # noqa: PLR2004 - 31 years
        raise ConfigurationError(field, seconds, "give seconds from 0 to 1e9, or None")
    return seconds


def checked_text(field: str, value: str | None) -> str | None:
    """Refuse what no name can be.

    Raises:
        ConfigurationError: naming the field.
    """
    if value is not None and not is_name(value):
        raise ConfigurationError(
            field, value, "give a text that is not empty, without NUL and lone surrogates, or None"
        )
    return value


async def _found(
    connection: Connection,
    pool: Pool,
    conditions: dict[str, Any],
    status: RunStatus | None,
    position: tuple[datetime, str] | None,
) -> list[StoredRun]:
    """As many as asked for. Whether a run whose lease lasts is live only its host knows, so rows are judged here."""
    found: list[StoredRun] = []
    while True:
        at, thread_id = position or (None, None)
        values = {**conditions, "after_at": at, "after_thread": thread_id}
        rows = await (await connection.execute(pool.statements("runs")["list"], values)).fetchall()
        found += [run for run in map(stored_run, rows) if status is None or run.status == status]
        if len(found) >= conditions["limit"] or len(rows) < conditions["limit"]:
            return found
        position = rows[-1]["updated_at"], rows[-1]["thread_id"]


def _stored_as(status: RunStatus | None) -> list[str] | None:
    if status is None:
        return None
    return ["interrupted", "running"] if status == "interrupted" else [status]


def _cursor(run: StoredRun) -> str:
    text = json.dumps([run.updated_at.isoformat(), run.thread_id])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _position(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    try:
        at, thread_id = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is not None and is_name(thread_id):
            return moment, thread_id
    except (binascii.Error, RecursionError, TypeError, ValueError):
        pass
    raise ConfigurationError("after", cursor, "give `next` of the page before, as it is")
