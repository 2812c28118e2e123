"""`quorum run analyse`, first half: what was asked for is checked, and the documents are read.

Nothing heavy is imported up to here, so that a misspelled path is refused at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from langgraph_quorum.nodes.branching.threads import in_thread
from langgraph_quorum.orchestration.cli.busy import OnBusy
from langgraph_quorum.orchestration.cli.delivery import Delivery
from langgraph_quorum.orchestration.cli.intake import STDIN, Intake, take_in
from langgraph_quorum.orchestration.cli.interruption import Interruption
from langgraph_quorum.orchestration.cli.progress.choice import progress_for
from langgraph_quorum.orchestration.cli.thread_ids import checked_thread
from langgraph_quorum.orchestration.naming import new_thread_id
from langgraph_quorum.orchestration.persistence.configuration import configured
from langgraph_quorum.state.policies import Review, ReviewPolicy
from langgraph_quorum.state.sync_policy import SyncPolicy


@dataclass(frozen=True, slots=True)
class AnalyseRequest:
    """What was asked for on the command line.

    Attributes:
        sources: Files, folders, globs, or `-`.
        specialists: Their names; none for all.
        sync: The sync point's policy.
        mode: `auto`, `parallel`, `sequential` or `adaptive`.
        review: When a human is asked about the result.
        questions: Where the run pauses, and how long its questions are open.
        thread: The thread; None for a new one.
        tags: Words to find the run by.
        on_busy: When another process runs the thread.
        dsn: The database; None for QUORUM_DSN or the embedded server.
    """

    sources: Sequence[str]
    specialists: Sequence[str]
    sync: SyncPolicy
    mode: str
    review: Review
    questions: ReviewPolicy
    thread: str | None
    tags: Sequence[str]
    on_busy: OnBusy
    dsn: str | None = field(repr=False)


async def analyse_documents(request: AnalyseRequest, delivery: Delivery, interruption: Interruption) -> int:
    """Do it, and return the exit code.

    Raises:
        RefusedError: the sources, the settings or the thread are wrong; nothing was written to the database.
        QuorumError: the run could not be done, or the database cannot be used.
    """
    thread_id = checked_thread(request.thread) if request.thread is not None else new_thread_id()
    async with progress_for(quiet=delivery.quiet) as progress:
        progress.stage("reading the documents")
        intake = await in_thread(lambda: _take_in(request.sources, delivery), name="intake")

        from langgraph_quorum.orchestration.cli.analysing import run_analysis  # noqa: PLC0415  takes a second
        from langgraph_quorum.orchestration.cli.following import Follower  # noqa: PLC0415

        follower = Follower(progress, interruption, delivery, request.dsn is not None)
        return await run_analysis(thread_id, request, intake, follower)


def _take_in(sources: Sequence[str], delivery: Delivery) -> Intake:
    """The documents, none of which the outcome would be written over."""
    delivery.keep_off([], standard_input=STDIN in sources)  # before it is read, and kept
    intake = take_in(sources, configured())
    delivery.keep_off(intake.documents if intake.piped is None else [*intake.documents, intake.piped])
    return intake
