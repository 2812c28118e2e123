"""A run that has come to its end, for whoever starts it while somebody else holds its thread for a moment."""

from __future__ import annotations

from typing import Any

from langgraph_quorum.orchestration.driving import Driver
from langgraph_quorum.orchestration.given import Given
from langgraph_quorum.orchestration.outcome import is_finished, ours
from langgraph_quorum.orchestration.persistence.runs import find_run, opened
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.orchestration.same_input import check_same_input
from langgraph_quorum.orchestration.standing import check_nodes


async def ended_outcome(driver: Driver, run: Run, given: Given) -> dict[str, Any] | None:
    """What a finished run has given, without its lease; None of one that may go on, or that is asked something.

    Nothing is driven, nor written: who holds the thread reads it too, or thins it out, which leaves the result.

    Args:
        driver: Of the run's graph.
        run: Has not got its thread.
        given: What it was started or resumed with.

    Raises:
        ConfigurationError: the thread runs another workflow, was started with another input, or waits for a node that
            the graph does not have.
        ThreadNotFoundError: it was just being deleted.
        DatabaseError: the database cannot be used.
    """
    found = await find_run(driver.pool, run.thread_id)
    if found is None or not found.ended or given.answers:
        return None
    stored, snapshot = opened(found, driver.sealer), await driver.snapshot(run.thread_id)
    if not is_finished(snapshot):
        return None
    driver.check_workflow(stored)
    check_same_input(run.thread_id, given.said, given.entry.options, stored.options)
    await check_nodes(driver.graph, run.thread_id, snapshot)
    run.workflow_id = snapshot.values.get("workflow_id", "") if ours(snapshot.values) else ""
    return await driver.outcome(stored)
