"""Thread pools: how many sync functions run at once, what reaches their callers, and what is counted."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from langgraph_quorum import Branch, Resources, Specialist
from langgraph_quorum.nodes.branching.thread_pool import ThreadPool
from langgraph_quorum.nodes.branching.threads import in_thread, shared_pool
from langgraph_quorum.state.thread_policy import ThreadPolicy
from tests.graphs.running import run, statuses
from tests.nodes.held import PATIENCE_S, Held, begin, cancel, ended

BRIEFLY_S = 0.001
"""Idle threads end almost at once."""


async def test_a_fixed_pool_never_runs_more_than_its_size_at_once() -> None:
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=2))
    pair, lock = threading.Barrier(2, timeout=PATIENCE_S), threading.Lock()
    running = most = 0

    def work() -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pair.wait()
        with lock:
            running -= 1
        return threading.get_ident()

    threads = set(await asyncio.gather(*[pool.run(work, name="work") for _ in range(8)]))
    assert most == pool.statistics().peak == 2
    assert len(threads) == pool.statistics().threads == 2


async def test_a_fixed_pool_keeps_its_threads_and_a_dynamic_one_lets_idle_ones_end() -> None:
    fixed = ThreadPool(ThreadPolicy(kind="fixed", size=1, idle_s=BRIEFLY_S))
    dynamic = ThreadPool(ThreadPolicy(kind="dynamic", size=1, idle_s=BRIEFLY_S))
    kept = await fixed.run(threading.current_thread, name="kept")
    spare = await dynamic.run(threading.current_thread, name="spare")
    assert ended(spare)
    assert dynamic.statistics().threads == 0
    assert await fixed.run(threading.current_thread, name="kept") is kept


async def test_a_dynamic_pool_grows_with_the_work_up_to_its_size_and_shrinks(hold: Callable[[], Held]) -> None:
    pool = ThreadPool(ThreadPolicy(size=3, idle_s=BRIEFLY_S))
    works = [hold() for _ in range(4)]
    tasks = []
    for busy, work in zip([1, 2, 3, 3], works, strict=True):
        tasks.append(await begin(pool, work))
        assert pool.statistics().busy == busy
    assert pool.statistics().queued == 1
    for work in works:
        work.let_go.set()
    assert [ended(thread) for thread in await asyncio.gather(*tasks)] == [True] * 4
    assert pool.statistics().threads == 0
    assert await pool.run(lambda: "again", name="again") == "again"


async def test_one_thread_serves_calls_that_follow_each_other() -> None:
    pool = ThreadPool()
    assert len({await pool.run(threading.current_thread, name="work") for _ in range(50)}) == 1


async def test_the_thread_that_fell_idle_last_works_next_so_that_the_others_can_end(hold: Callable[[], Held]) -> None:
    pool = ThreadPool()
    works = [hold(), hold()]
    tasks = [await begin(pool, work) for work in works]
    for work, task in zip(works, tasks, strict=True):
        work.let_go.set()
        await task
    assert await pool.run(threading.current_thread, name="next") is works[1].thread


async def test_no_call_is_lost_to_a_thread_that_was_about_to_end() -> None:
    pool = ThreadPool(ThreadPolicy(size=4, idle_s=1e-6))
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(500):
            await asyncio.gather(*[pool.run(lambda: None, name="work") for _ in range(3)])
    assert pool.statistics().done == 1500


async def test_calls_start_in_the_order_they_came(hold: Callable[[], Held]) -> None:
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=1))
    first, order = hold(), list[int]()
    tasks = [await begin(pool, first), *[await begin(pool, partial(order.append, number)) for number in range(5)]]
    first.let_go.set()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyError("missing"), asyncio.CancelledError()])
async def test_what_the_function_raises_reaches_the_caller(error: BaseException) -> None:
    def fail() -> None:
        raise error

    pool = ThreadPool()
    with pytest.raises(type(error)) as raised:
        await pool.run(fail, name="fail")
    assert raised.value.args == error.args
    now = pool.statistics()
    assert (now.done, now.failed, now.busy, now.abandoned_total) == (0, 1, 0, 0)


async def test_stop_iteration_becomes_a_runtime_error() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await ThreadPool().run(lambda: next(iter(())), name="empty")


async def test_context_variables_are_the_callers_and_stay_so() -> None:
    colour: contextvars.ContextVar[str] = contextvars.ContextVar("colour", default="none")

    def paint() -> str:
        before = colour.get()
        colour.set("of the thread")
        return before

    pool = ThreadPool()
    colour.set("of the caller")
    assert [await pool.run(paint, name="paint") for _ in range(2)] == ["of the caller", "of the caller"]
    assert colour.get() == "of the caller"


async def test_a_thread_has_the_name_of_the_call_that_it_runs() -> None:
    pool = ThreadPool()
    assert await pool.run(lambda: threading.current_thread().name, name="one") == "quorum-one"
    assert await pool.run(lambda: threading.current_thread().name, name="two") == "quorum-two"
    assert "quorum-two" not in {thread.name for thread in threading.enumerate()}


async def test_the_figures_say_what_was_done(hold: Callable[[], Held]) -> None:
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=1))
    first, second = hold(), hold()
    tasks = [await begin(pool, first), await begin(pool, second)]
    await first.running()
    before = pool.statistics()
    assert (before.kind, before.size, before.threads, before.busy, before.idle) == ("fixed", 1, 1, 1, 0)
    assert (before.queued, before.done, before.busy_s) == (1, 0, 0.0)
    first.let_go.set()
    second.let_go.set()
    await asyncio.gather(*tasks)
    after = pool.statistics()
    assert (after.threads, after.busy, after.idle, after.queued, after.done, after.peak) == (1, 0, 1, 0, 2, 1)
    assert after.busy_s > 0
    assert after.waited_s > before.waited_s


def test_two_event_loops_in_two_threads_share_one_pool() -> None:
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=2))
    together = threading.Barrier(2, timeout=PATIENCE_S)
    outcomes: list[list[str]] = []

    def loop_of_its_own(name: str) -> None:
        async def work() -> list[str]:
            def meet() -> str:
                together.wait()  # goes on only when a call of each loop is running
                return name

            return [await pool.run(meet, name=name) for _ in range(20)]

        outcomes.append(asyncio.run(work()))

    loops = [threading.Thread(target=loop_of_its_own, args=(name,), daemon=True) for name in ("one", "two")]
    for loop in loops:
        loop.start()
    assert [ended(loop) for loop in loops] == [True, True]
    assert sorted(outcomes) == [["one"] * 20, ["two"] * 20]
    assert pool.statistics().done == 40


async def test_a_dropped_pool_ends_its_threads() -> None:
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=2))
    thread = await pool.run(threading.current_thread, name="work")
    del pool
    assert ended(thread)


async def test_when_the_machine_gives_no_more_threads_the_calls_fail_and_none_waits_for_ever(
    hold: Callable[[], Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool = ThreadPool(ThreadPolicy(kind="fixed", size=1))
    only = hold()
    running = await begin(pool, only)
    queued = [await begin(pool, lambda: "never") for _ in range(3)]
    await only.running()
    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Thread, "start", refuse)
        await cancel(running)  # its thread is abandoned, and cannot be replaced
        async with asyncio.timeout(PATIENCE_S):
            outcomes = await asyncio.gather(*queued, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["can't start new thread"] * 3
    assert (pool.statistics().failed, pool.statistics().busy) == (3, 0)
    assert await pool.run(lambda: "again", name="work") == "again"


async def test_without_a_pool_of_its_own_a_function_runs_in_the_shared_one() -> None:
    before = shared_pool.statistics()
    assert before.kind == "dynamic"
    assert await in_thread(lambda: threading.current_thread().name, name="shared") == "quorum-shared"
    assert shared_pool.statistics().done == before.done + 1


async def test_the_wait_for_a_thread_does_not_count_against_the_time_of_an_attempt() -> None:
    calls: list[str] = []

    def works(branch: Branch) -> str:
        calls.append(branch.branch_id)
        time.sleep(0.05)
        return branch.branch_id

    one = Specialist("s", works, timeout_s=0.5, attempts=1, resources=Resources(cpu=0))
    work: list[dict[str, Any]] = [{"branch_id": f"b{number}", "specialist": "s"} for number in range(15)]
    result = await run(one, work=work, threads=ThreadPolicy(kind="fixed", size=1))  # 0.75 s, one after the other
    assert set(statuses(result).values()) == {"succeeded"}
    assert len(calls) == 15
