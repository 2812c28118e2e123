"""The only branch of a task. Its first attempt has no visit of its own unless it waits, fails or answers with work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from langgraph_quorum.nodes.branching.first_try import FirstTries, FirstTry
from langgraph_quorum.nodes.branching.outcome import Outcome
from langgraph_quorum.nodes.branching.stopping import stop
from langgraph_quorum.nodes.branching.visit import Visit
from langgraph_quorum.state.branch import BranchCall
from langgraph_quorum.state.records import BranchRecord


async def single_record(tries: FirstTries, call: BranchCall, parks: Callable[[], bool]) -> BranchRecord:
    """Do the work of a bundle's one branch, unless the gate releases first.

    Args:
        tries: Of its specialist.
        call: The branch.
        parks: Says whether a question to a human is left open, instead of raised.

    Raises:
        GraphInterrupt: the specialist asks a human.
    """
    attempt = tries.begin(call)
    if attempt is None:
        return await Visit(tries.setting, call).record(parks)
    task = asyncio.create_task(_worked(attempt), name=f"quorum:{attempt.branch.branch_id}")
    try:
        await asyncio.sleep(0)  # lets it begin: many a task ends at once, and needs no bell
    except asyncio.CancelledError:
        await stop(task, cancel=True)
        raise
    visit = attempt.visit
    if not task.done():
        if visit is None:
            attempt.waits(task)
        else:
            visit.work.show()
    elif visit is None and not task.cancelled():  # as it is when the specialist cancels its own task and answers
        return tries.end(attempt)
    return await (visit or attempt.visited()).ended_by(task, parks)


async def _worked(attempt: FirstTry) -> Outcome | None:
    rest = await attempt.made()
    if rest is not None:
        return await rest((attempt.visit or attempt.visited()).work)
    return None if attempt.visit is None else attempt.outcome()
