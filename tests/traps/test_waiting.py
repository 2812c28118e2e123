"""Slow branches: the join, `step_timeout`, and a node's own timeout. All of it in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import NodeTimeoutError

from langgraph_quorum import SyncPolicy
from tests.graphs.running import Crew, run, statuses, thread
from tests.traps.plain import Workers, fan_out

pytestmark = pytest.mark.looptime

SECONDS = {"a": 1, "b": 1, "c": 1, "slow": 30}


def specialists(crew: Crew) -> list[Any]:
    return [crew.sleeps(name, seconds) for name, seconds in SECONDS.items()]


async def test_plain_the_join_waits_for_the_slowest_branch() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await fan_out(Workers(SECONDS), SECONDS).compile().ainvoke({})
    assert loop.time() - began == pytest.approx(30, abs=0.01)


async def test_ours_goes_on_once_enough_are_in() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    result = await run(*specialists(Crew()), sync=SyncPolicy(threshold=0.75, grace_s=2))
    assert loop.time() - began == pytest.approx(3, abs=0.01)  # 3 of 4 at 1 s, and the grace
    assert statuses(result) == {"a": "succeeded", "b": "succeeded", "c": "succeeded", "slow": "cut"}


async def test_plain_a_step_timeout_aborts_the_run_with_an_error_that_says_nothing() -> None:
    graph = fan_out(Workers(SECONDS), SECONDS).compile()
    graph.step_timeout = 5
    with pytest.raises(TimeoutError) as caught:
        await graph.ainvoke({})
    assert str(caught.value) == ""


async def test_plain_a_resume_after_a_step_timeout_runs_into_it_again() -> None:
    workers = Workers(SECONDS)
    graph = fan_out(workers, SECONDS).compile(checkpointer=InMemorySaver())
    graph.step_timeout = 5
    with pytest.raises(TimeoutError):
        await graph.ainvoke({}, thread())
    with pytest.raises(TimeoutError):
        await graph.ainvoke(None, thread())
    # what had finished was kept; the join is never reached
    assert workers.began == ["a", "b", "c", "slow", "slow"]
    assert (await graph.aget_state(thread())).next == ("worker",)


async def test_ours_goes_on_at_the_deadline_with_what_there_is() -> None:
    result = await run(*specialists(Crew()), sync=SyncPolicy(threshold=0.5, grace_s=4, deadline_s=5))
    assert statuses(result)["slow"] == "cut"  # 2 of 4 at 1 s, and the grace
    assert result["status"] == "approved"


async def test_ours_below_the_threshold_a_deadline_gives_a_partial_result_and_raises_nothing() -> None:
    crew = Crew()
    slow = crew.sleeps("slow", 30, deterministic=True)
    result = await run(crew.sleeps("a", 1), slow, sync=SyncPolicy(threshold=1.0, deadline_s=5))
    assert statuses(result) == {"a": "succeeded", "slow": "timed_out"}
    assert (result["status"], result["result"]) == ("partial", {"a": {"by": "a", "inputs": {}}})
    assert crew.calls == {"a": 1, "slow": 2}  # once more for the one that is missing


async def test_plain_a_nodes_own_timeout_fails_the_whole_run() -> None:
    with pytest.raises(NodeTimeoutError):
        await fan_out(Workers(SECONDS), SECONDS, timeout=5).compile().ainvoke({})


async def test_ours_a_specialists_own_timeout_ends_that_branch_alone() -> None:
    crew = Crew()
    result = await run(
        crew.sleeps("a", 1), crew.sleeps("slow", 30, timeout_s=2, attempts=1), sync=SyncPolicy(threshold=0.5)
    )
    assert statuses(result) == {"a": "succeeded", "slow": "timed_out"}
    assert result["branches"]["slow"]["reason"] == "no answer within 2 s"
