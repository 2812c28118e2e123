"""Calls that nobody awaits any more: those in the queue never start, those that run are abandoned and counted."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from langgraph_quorum.nodes.branching.thread_pool import ThreadPool
from langgraph_quorum.state.thread_policy import ThreadPolicy
from tests.nodes.held import PATIENCE_S, Held, begin, cancel, ended


async def test_a_queued_call_that_is_cancelled_never_starts(hold: Callable[[], Held]) -> None:
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=1))
    first, second, third = hold(), hold(), hold()
    tasks = [await begin(pool, work) for work in (first, second, third)]
    await cancel(tasks[1])
    assert pool.statistics().queued == 1
    tasks[2].cancel()
    first.let_go.set()  # its thread may look for work before the third caller has noticed
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await pool.run(lambda: "next", name="next") == "next"
    assert not second.started
    assert not third.started
    assert pool.statistics().abandoned_total == 0


async def test_an_abandoned_thread_is_counted_warned_about_and_replaced(
    hold: Callable[[], Held], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=1))
    stuck = hold()
    task = await begin(pool, stuck, "stuck")
    await stuck.running()
    replacement = await begin(pool, threading.current_thread)
    await cancel(task)
    assert await replacement is not stuck.thread
    now = pool.statistics()
    assert (now.abandoned, now.abandoned_total, now.threads, now.busy, now.done) == (1, 1, 1, 0, 1)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "abandoned thread quorum-stuck: it runs on, nothing can stop it")
    ]


async def test_the_end_of_an_abandoned_thread_is_noted_and_it_does_not_come_back(
    hold: Callable[[], Held], caplog: pytest.LogCaptureFixture
) -> None:
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=1))
    stuck = hold()
    task = await begin(pool, stuck, "stuck")
    await stuck.running()
    await cancel(task)
    caplog.set_level(logging.INFO)
    caplog.clear()
    stuck.let_go.set()
    assert ended(stuck.thread)
    await asyncio.sleep(0)  # the loop takes in what the thread left: nothing
    now = pool.statistics()
    assert (now.abandoned, now.abandoned_total, now.threads, now.done, now.failed) == (0, 1, 0, 0, 0)
    [note] = caplog.records
    assert note.levelname == "INFO"
    assert note.getMessage().startswith("abandoned thread quorum-stuck has ended after ")


def test_a_thread_outlives_the_loop_of_its_caller() -> None:
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=1))

    async def leave_behind() -> tuple[Held, list[asyncio.Task[Any]]]:
        held = Held()
        tasks = [await begin(pool, held), await begin(pool, forgotten.set)]
        await held.running()
        return held, tasks

    forgotten = threading.Event()
    loop = asyncio.new_event_loop()
    held, tasks = loop.run_until_complete(leave_behind())
    loop.close()  # without cancelling what is under way
    held.let_go.set()
    assert asyncio.run(pool.run(threading.current_thread, name="later")) is held.thread
    assert not forgotten.is_set()  # nobody awaited it any more when its turn came
    assert not any(task.done() for task in tasks)


async def test_a_call_nested_too_deep_waits_until_the_timeout_of_the_outer_caller() -> None:
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=1))
    inner_ran = threading.Event()

    def outer() -> None:
        asyncio.run(pool.run(inner_ran.set, name="inner"))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pool.run(outer, name="outer"), 0.05)
    assert inner_ran.wait(PATIENCE_S)  # in the thread that took the place of the abandoned one


HUNG = """
import asyncio, threading
from langgraph_quorum.nodes.branching.thread_pool import ThreadPool
from langgraph_quorum.state.thread_policy import ThreadPolicy

async def main():
    pool = ThreadPool(ThreadPolicy(kind="fixed", size=2))
    await pool.run(lambda: None, name="idle")
    hangs = threading.Event()
    def hang():
        hangs.set()
        threading.Event().wait()
    task = asyncio.create_task(pool.run(hang, name="hung"))
    await asyncio.to_thread(hangs.wait)
    task.cancel()

asyncio.run(main())
print("over")
"""

FORKED = """
import asyncio, os
from langgraph_quorum.nodes.branching.threads import in_thread, shared_pool

def once():
    return asyncio.run(in_thread(lambda: "answered", name="work"))

once()  # leaves an idle thread, which the child does not have
child = os.fork()
if child == 0:
    os._exit(0 if once() == "answered" and shared_pool.statistics().done == 1 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def said(script: str) -> str:
    """What a process of its own prints, which must end by itself."""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.slow
def test_a_hung_thread_does_not_hold_the_exit_of_the_process() -> None:
    assert said(HUNG) == "over"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_forked_child_begins_with_an_empty_pool() -> None:
    assert said(FORKED) == "0"
