"""`quorum explain`: how a run came to its result, read without driving anything."""

from __future__ import annotations

from langgraph_quorum.orchestration.cli.databases import database_to_read
from langgraph_quorum.orchestration.cli.exits import APPROVED
from langgraph_quorum.orchestration.cli.json_output import print_json
from langgraph_quorum.orchestration.cli.sealed import saver_of
from langgraph_quorum.orchestration.cli.thread_ids import checked_thread
from langgraph_quorum.orchestration.cli.threads import any_run
from langgraph_quorum.orchestration.explaining import explain_run


async def explain_thread(dsn: str | None, thread: str, *, as_json: bool) -> int:
    """Print the explanation, and return the exit code: 0 when it could be told, however the run stands.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        ConfigurationError: the run is one of a graph that is no workflow of ours.
        QuorumError: the database cannot be used, or the run not be read.
    """
    thread_id = checked_thread(thread)
    async with database_to_read(dsn) as pool:
        told = await explain_run(pool, saver_of(pool), await any_run(pool, thread_id))
    if as_json:
        print_json(told.as_json())
        return APPROVED
    from langgraph_quorum.orchestration.cli.rendering.explanation import print_explanation  # noqa: PLC0415  rich

    print_explanation(told, dsn_given=dsn is not None)
    return APPROVED
