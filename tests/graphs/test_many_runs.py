"""Many runs at once in one process: none sees another's work, and none leaves anything behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from langgraph_quorum.nodes.branching.thread_pool import thread_statistics
from tests.graphs.running import FIXED, compiled, thread

RUNS = 100
PIECES = 8
SLOW = "piece 0"
QUORUM = SyncPolicy(threshold=0.8, grace_s=1, deadline_s=500)  # seven of eight; the slow one is cut


def work_of(run: int) -> dict[str, Any]:
    """One that hangs, and seven that end one after the other, in a different order in each run."""
    work = [
        {"branch_id": f"piece {piece}", "specialist": "worker", "payload": {"run": run, "takes_s": (run + piece) % 7}}
        for piece in range(PIECES)
    ]
    work[0]["payload"] = {"run": run, "takes_s": 1000}
    return {"task": f"run {run}", "work": work}


async def answer(branch: Branch) -> dict[str, Any]:
    """Fails at first in every third run, so that retries of one run meet first attempts of another."""
    await asyncio.sleep(branch.payload["takes_s"])
    if branch.attempt == 1 and branch.payload["run"] % 3 == 0:
        raise ConnectionError
    return {"of": branch.task, "is": branch.branch_id, "run": branch.payload["run"]}


def expected(run: int) -> dict[str, Any]:
    return {
        f"piece {piece}": {"of": f"run {run}", "is": f"piece {piece}", "run": run}
        for piece in range(PIECES)
        if f"piece {piece}" != SLOW
    }


def left_behind() -> tuple[int, set[str]]:
    """Open gates, and tasks other than the test's own."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    return open_meetings(), {task.get_name() for task in tasks}


@pytest.mark.looptime
@pytest.mark.parametrize("bundle", [None, 3])
async def test_a_hundred_runs_at_once_keep_to_themselves_and_leave_nothing_behind(bundle: int | None) -> None:
    graph = compiled(Specialist("worker", answer, attempts=2), sync=QUORUM, saver=InMemorySaver(), bundle=bundle)
    results = await asyncio.gather(
        *(graph.ainvoke(work_of(run), thread(str(run)), context=FIXED) for run in range(RUNS))
    )
    for run, result in enumerate(results):
        assert result["result"] == expected(run)
        assert result["branches"][SLOW]["status"] == "cut"
        assert result["branches"]["piece 1"]["attempts"] == (2 if run % 3 == 0 else 1)
        assert [decision["reason"] for decision in result["sync"]] == ["grace_expired"]
    assert left_behind() == (0, set())


@pytest.mark.looptime
async def test_runs_that_are_cancelled_take_nothing_from_the_others_and_leave_nothing_behind() -> None:
    graph = compiled(Specialist("worker", answer, attempts=2), sync=QUORUM)
    tasks = [asyncio.create_task(graph.ainvoke(work_of(run), context=FIXED)) for run in range(RUNS)]
    await asyncio.sleep(3)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for run, result in enumerate(results):
        if run % 2:
            assert isinstance(result, dict)
            assert result["result"] == expected(run)
        else:
            assert isinstance(result, asyncio.CancelledError)
    await asyncio.sleep(0)
    assert left_behind() == (0, set())


async def test_sync_functions_of_many_runs_share_threads_and_end_with_them() -> None:
    def blocking(branch: Branch) -> dict[str, Any]:
        return {"of": branch.task, "is": branch.branch_id}

    def abandoned() -> int:
        return sum(pool.abandoned for pool in thread_statistics())

    before, names = abandoned(), [f"piece {piece}" for piece in range(3)]
    graph = compiled(*(Specialist(name, blocking) for name in names))
    results = await asyncio.gather(*(graph.ainvoke({"task": f"run {run}"}, context=FIXED) for run in range(50)))
    for run, result in enumerate(results):
        assert result["result"] == {name: {"of": f"run {run}", "is": name} for name in names}
    assert all((pool.busy, pool.queued) == (0, 0) for pool in thread_statistics())
    assert abandoned() <= before
    assert left_behind() == (0, set())
