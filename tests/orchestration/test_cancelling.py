"""Cancelling: at once, whoever drives the run; what is finished is kept; only `resume` takes it up again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.cancelling import cancel_thread
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.register import ask_driver, record_start
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.orchestration.standing import check_nodes
from langgraph_quorum.state.errors import LeaseLostError, ThreadNotFoundError
from langgraph_quorum.state.workflow import QuorumInput
from tests.orchestration.crews import Crew

TASK: QuorumInput = {"task": "look"}
QUICK_TTL_S = 0.6


async def test_a_cancelled_run_stops_with_its_finished_branches_kept(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        out = await quorum.cancel("t1", reason="too dear")
        assert run.stopped
        assert await run.result() == out
        stored = await get_run(pool, "t1")
    assert (out["status"], set(out["branches"])) == ("cancelled", {"one", "two"})
    assert (stored.status, stored.reason, stored.asked, stored.live) == ("cancelled", "too dear", None, False)
    assert crew.cancelled == ["slow"]


async def test_only_resume_takes_a_cancelled_run_up_again(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        await quorum.cancel("t1")
        started = await (await quorum.start(TASK, thread_id="t1")).result()
        assert (started["status"], crew.calls["slow"]) == ("cancelled", 1)
        crew.go.set()
        out = await (await quorum.resume("t1")).result()
        assert out["status"] == "approved"
        assert (await get_run(pool, "t1")).reason is None
    assert crew.calls == {"one": 1, "two": 1, "slow": 2}


async def test_a_run_that_another_process_drives_is_cancelled_at_its_heartbeat(pool: Pool, crew: Crew) -> None:
    async with (
        Orchestrator.on(crew.workflow(), pool, lease_ttl_s=QUICK_TTL_S) as quorum,
        Orchestrator.on(crew.workflow(), pool) as other,
    ):
        run = await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        out = await other.cancel("t1", reason="asked from afar", wait_s=20)
        assert (await run.result())["status"] == "cancelled"
    assert (out["status"], set(out["branches"])) == ("cancelled", {"one", "two"})
    assert (await get_run(pool, "t1")).reason == "asked from afar"


async def test_a_driver_that_was_asked_and_has_not_looked_yet_still_runs(pool: Pool, crew: Crew) -> None:
    async with (
        Orchestrator.on(crew.workflow(), pool, lease_ttl_s=600) as quorum,
        Orchestrator.on(crew.workflow(), pool) as other,
    ):
        run = await quorum.start(TASK, thread_id="t1")
        assert (await other.cancel("t1"))["status"] == "running"
        assert (await get_run(pool, "t1")).asked == "cancel"
        crew.go.set()
        assert (await run.result())["status"] == "approved"
        assert (await get_run(pool, "t1")).asked is None


async def test_a_run_that_nobody_drives_is_cancelled_at_once(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(asks=True), pool) as quorum:
        waiting = await (await quorum.start(TASK, thread_id="t1")).result()
        assert waiting["status"] == "waiting"
        assert (await quorum.cancel("t1"))["status"] == "cancelled"
        (question,) = waiting["interrupts"]
        out = await (await quorum.resume("t1", {question: "yes"})).result()
    assert out["status"] == "approved"


async def test_a_request_that_its_driver_did_not_live_to_see_holds_for_the_next_start(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    await record_start(pool, "t1", workflow="workflow", task="look")  # and its driver was killed
    await ask_driver(pool, "t1", "cancel", "enough")
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        assert (await (await quorum.start(TASK, thread_id="t1")).result())["status"] == "cancelled"
        assert ((await get_run(pool, "t1")).status, crew.calls) == ("cancelled", {})
        assert (await get_run(pool, "t1")).reason == "enough"


async def test_a_run_that_has_ended_stays_as_it_is(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        out = await (await quorum.start(TASK, thread_id="t1")).result()
        assert await quorum.cancel("t1") == out
        assert (await cancel_thread(pool, "t1")).status == "approved"


async def test_an_unknown_run_is_named(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        for stop in (quorum.cancel, quorum.drain):
            with pytest.raises(ThreadNotFoundError, match="'nowhere'"):
                await stop("nowhere")


async def test_a_run_is_drained_by_its_thread_here_and_elsewhere(pool: Pool, crew: Crew) -> None:
    async with (
        Orchestrator.on(crew.workflow(), pool, lease_ttl_s=QUICK_TTL_S) as quorum,
        Orchestrator.on(crew.workflow(), pool) as other,
    ):
        for thread_id, asking in (("t1", quorum), ("t2", other)):
            crew.slow_started.clear()
            run = await quorum.start(TASK, thread_id=thread_id)
            await asyncio.wait_for(crew.slow_started.wait(), 10)
            await asking.drain(thread_id, timeout_s=20)
            assert (await asyncio.wait_for(run.result(), 10))["status"] == "interrupted"
            await asking.drain(thread_id)  # nobody drives it any more
            assert (await get_run(pool, thread_id)).status == "interrupted"


async def test_a_second_start_may_wait_for_the_first_driver_to_end(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum, Orchestrator.on(crew.workflow(), pool) as other:
        first = await quorum.start(TASK, thread_id="t1")
        second = asyncio.create_task(other.start(TASK, thread_id="t1", on_busy="wait", wait_s=30))
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        crew.go.set()
        assert await (await asyncio.wait_for(second, 30)).result() == await first.result()
    assert set(crew.calls.values()) == {1}


async def test_a_run_that_was_taken_over_here_is_cancelled_as_the_one_that_drives_it_now(
    pool: Pool, crew: Crew
) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        first = await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        crew.slow_started.clear()
        second = await quorum.start(TASK, thread_id="t1", on_busy="take_over")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        assert (await quorum.cancel("t1"))["status"] == "cancelled"
        assert (await second.result())["status"] == "cancelled"
        with pytest.raises(LeaseLostError):
            await first.result()


async def test_a_cancellation_is_not_lost_on_a_driver_that_is_just_taking_the_thread_up(
    pool: Pool, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, go = asyncio.Event(), asyncio.Event()

    async def slowly(*what: Any) -> None:
        looked.set()
        await go.wait()
        await check_nodes(*what)

    monkeypatch.setattr("langgraph_quorum.orchestration.driving.check_nodes", slowly)
    await record_start(pool, "t1", workflow="workflow", task="look")  # and its driver was killed
    async with (
        Orchestrator.on(crew.workflow(), pool, lease_ttl_s=QUICK_TTL_S) as quorum,
        Orchestrator.on(crew.workflow(), pool) as other,
    ):
        starting = asyncio.create_task(quorum.start(TASK, thread_id="t1"))
        await asyncio.wait_for(looked.wait(), 10)
        assert (await other.cancel("t1", reason="too dear"))["status"] == "running"
        go.set()
        assert (await asyncio.wait_for((await starting).result(), 20))["status"] == "cancelled"
    assert (await get_run(pool, "t1")).reason == "too dear"
