"""Questions whose time is up, by the database's clock: their default answer is given, and late answers are refused.

Nobody needs to be running for a question to expire: when it does stands in the question itself, and whoever takes the
run up next, with an answer or without, finds the time to be up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.state.errors import AnswerError, DatabaseError, ThreadBusyError

if TYPE_CHECKING:
    from langgraph_quorum.orchestration.orchestrator import Orchestrator

_PAGE = 200


async def database_time(pool: Pool) -> datetime:
    """The time by the database's clock.

    Raises:
        DatabaseError: the database cannot be asked.
    """
    async with borrowed(pool, "reading the database's clock") as connection:
        row = await (await connection.execute("SELECT clock_timestamp() AS now")).fetchone()
    if row is None:
        raise DatabaseError("reading the database's clock: no answer: try again")
    now: datetime = row["now"]
    return now


def expires_at(question: Any) -> datetime | None:
    """Until when a question may be answered; None for one that is open for ever, or is none of the workflow's own."""
    review = question.get("review") if isinstance(question, Mapping) else None
    moment = review.get("expires_at") if isinstance(review, Mapping) else None
    try:
        found = datetime.fromisoformat(moment) if isinstance(moment, str) else None
    except ValueError:
        return None
    return None if found is None or found.tzinfo is None else found


async def overdue(pool: Pool, asked: Mapping[str, Any]) -> dict[str, datetime]:
    """Of these questions, by id, those whose time is up, with when it was. The database is asked only where one may be.

    Raises:
        DatabaseError: the database cannot be asked.
    """
    until = {name: moment for name, question in asked.items() if (moment := expires_at(question)) is not None}
    if not until:
        return {}
    now = await database_time(pool)
    return {name: moment for name, moment in until.items() if moment <= now}


def too_late(thread_id: str, refused: Mapping[str, datetime], status: str) -> AnswerError:
    """The error for answers that came after their question had expired."""
    which = ", ".join(f"{name!r} at {moment.isoformat(timespec='seconds')}" for name, moment in refused.items())
    return AnswerError(
        f"the question on thread {thread_id!r} has expired ({which}): the answer was not taken, and what the review"
        f" policy says for that case was done; the run is now {status!r}"
    )


async def expire(quorum: Orchestrator, *, workflow: str = "workflow") -> dict[str, dict[str, Any]]:
    """Give the default answer to all questions of waiting runs whose time is up.

    Args:
        quorum: Of the runs' graph.
        workflow: The name under which the runs are listed.

    Returns:
        The outcomes, by thread, of the runs that went on. One that another driver has just taken up is left to it.

    Raises:
        DatabaseError: the database cannot be used.
    """
    waiting: list[str] = []
    after: str | None = None
    while True:
        page = await quorum.list(status="waiting", workflow=workflow, limit=_PAGE, after=after)
        waiting += [run.thread_id for run in page]
        after = page.next
        if after is None:
            break
    found: dict[str, dict[str, Any]] = {}
    for thread_id in waiting:
        before = await quorum.get(thread_id)
        if all(expires_at(question) is None for question in before["interrupts"].values()):
            continue
        try:
            outcome = await (await quorum.resume(thread_id)).result()
        except ThreadBusyError:
            continue
        if outcome["interrupts"] != before["interrupts"]:
            found[thread_id] = outcome
    return found
