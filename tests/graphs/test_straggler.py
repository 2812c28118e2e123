"""The workflow moves on while a straggler is still running, in real and in virtual time, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from langgraph_quorum import SyncPolicy
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from tests.graphs.running import FIXED, Crew, compiled, run, statuses

ISSUE = SyncPolicy(threshold=0.75, grace_s=0.2)


def four_quick_and_one_slow() -> list[Any]:
    crew = Crew()
    return [*[crew.sleeps(f"quick{number}", 0.1) for number in range(4)], crew.sleeps("slow", 30)]


def tasks_left() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


@pytest.mark.looptime
async def test_four_of_five_make_the_quorum_and_the_fifth_is_cut_after_the_grace() -> None:
    result = await run(*four_quick_and_one_slow(), sync=ISSUE)
    assert statuses(result) == {**{f"quick{number}": "succeeded" for number in range(4)}, "slow": "cut"}
    (decision,) = result["sync"]
    assert (decision["status"], decision["reason"]) == ("conditional_proceed", "grace_expired")
    assert (decision["progress"], decision["remaining"]) == (0.8, ["slow"])
    assert decision["seconds"] == pytest.approx(0.3, abs=0.001)  # 0.1 + 0.2
    assert result["branches"]["slow"]["reason"] == "still running when enough good answers were in"


async def test_a_sleeper_of_thirty_seconds_does_not_hold_four_of_a_tenth() -> None:
    took = []
    for _ in range(3):  # the best of three: this machine may be busy
        began = time.perf_counter()
        result = await run(*four_quick_and_one_slow(), sync=ISSUE)
        took.append(time.perf_counter() - began)
        assert statuses(result)["slow"] == "cut"
    assert min(took) < 0.6


@pytest.mark.looptime
async def test_a_deadline_below_the_threshold_times_out_what_is_left() -> None:
    crew = Crew()
    policy = SyncPolicy(threshold=1.0, deadline_s=5)
    result = await run(crew.sleeps("a", 1), crew.sleeps("b", 100, deterministic=True), sync=policy)
    assert result["sync"][0]["status"] == "timeout_recovery"
    assert result["branches"]["b"]["status"] == "timed_out"
    assert len(result["sync"]) == 2  # sent out once more: whoever hangs twice is not waited for a third time
    assert crew.calls == {"a": 1, "b": 2}


@pytest.mark.looptime
@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_a_max_concurrency_neither_deadlocks_nor_makes_a_gate_for_each_branch(limit: int) -> None:
    work = [{"branch_id": f"b{number}", "specialist": "s"} for number in range(6)]
    work.append({"branch_id": "last", "specialist": "s", "depends_on": [f"b{number}" for number in range(6)]})  # type: ignore[dict-item]
    result = await run(Crew().sleeps("s", 1), work=work, config={"max_concurrency": limit})
    assert set(statuses(result).values()) == {"succeeded"}
    # six of a second each, `limit` at a time, then the last
    assert result["branches"]["last"]["settled_s"] == pytest.approx(-(-6 // limit) + 1, abs=0.01)
    assert open_meetings() == 0


@pytest.mark.looptime
async def test_a_quorum_is_a_quorum_under_a_max_concurrency_too() -> None:
    work = [{"branch_id": f"b{number}", "specialist": "s"} for number in range(4)]
    policy = SyncPolicy(threshold=0.5, grace_s=0)
    result = await run(Crew().sleeps("s", 1), work=work, sync=policy, config={"max_concurrency": 1})
    assert statuses(result) == {"b0": "succeeded", "b1": "succeeded", "b2": "cut", "b3": "cut"}


@pytest.mark.looptime
async def test_two_runs_at_once_do_not_share_a_gate() -> None:
    policy = SyncPolicy(threshold=0.5, grace_s=0)
    graph = compiled(Crew().sleeps("a", 1), Crew().sleeps("b", 2), sync=policy)
    both = await asyncio.gather(*[graph.ainvoke({"task": "x"}, context=FIXED) for _ in range(2)])
    assert [statuses(result) for result in both] == [{"a": "succeeded", "b": "cut"}] * 2


@pytest.mark.looptime
@pytest.mark.parametrize("config", [{}, {"max_concurrency": 1}], ids=["all at once", "one by one"])
async def test_cancelling_a_run_leaves_nothing_behind(config: Any) -> None:
    crew = Crew()
    graph = compiled(*[crew.sleeps(f"s{number}", 30) for number in range(5)])
    running = asyncio.create_task(graph.ainvoke({"task": "x"}, config, context=FIXED))
    await asyncio.sleep(5)
    assert open_meetings() == 1
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert open_meetings() == 0
    assert not tasks_left()


@pytest.mark.looptime
async def test_a_run_that_ends_by_itself_leaves_nothing_behind() -> None:
    await run(*four_quick_and_one_slow(), sync=ISSUE)
    await asyncio.sleep(0)
    assert open_meetings() == 0
    assert not tasks_left()
