"""`quorum resume`: a stored run goes on with the settings it was started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from langgraph_quorum.orchestration.cli.busy import OnBusy
from langgraph_quorum.orchestration.cli.continuing import continue_run
from langgraph_quorum.orchestration.cli.databases import database
from langgraph_quorum.orchestration.cli.delivery import Delivery
from langgraph_quorum.orchestration.cli.following import Follower
from langgraph_quorum.orchestration.cli.interruption import Interruption
from langgraph_quorum.orchestration.cli.progress.choice import progress_for
from langgraph_quorum.orchestration.cli.thread_ids import checked_thread
from langgraph_quorum.orchestration.cli.threads import known_run, work_of


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """What was asked for on the command line.

    Attributes:
        thread: The thread.
        answer: To the open question, as it was typed.
        on_busy: When another process runs the thread.
        dsn: The database; None for QUORUM_DSN or the embedded server.
    """

    thread: str
    answer: str | None
    on_busy: OnBusy
    dsn: str | None = field(repr=False)


async def resume_thread(request: ResumeRequest, delivery: Delivery, interruption: Interruption) -> int:
    """Do it, and return the exit code.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        RefusedError: the outcome would be written over a document of the run.
        QuorumError: it cannot go on, or the database cannot be used.
    """
    thread_id = checked_thread(request.thread)
    async with progress_for(quiet=delivery.quiet) as progress, database(request.dsn, progress) as pool:
        follower = Follower(progress, interruption, delivery, request.dsn is not None)
        stored = await known_run(pool, thread_id, "resume")
        delivery.keep_off([Path(item["payload"]["path"]) for item in work_of(stored)])
        outcome = await continue_run(pool, stored, follower, request.answer, on_busy=request.on_busy)
        return follower.finish(outcome)
