"""Sync functions: how much CPU they take is measured, and blocking ones soon run side by side."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from langgraph_quorum import Branch, Resources, Specialist, SyncPolicy
from langgraph_quorum.nodes.branching.admission import Admission
from langgraph_quorum.nodes.branching.loads import Load, Loads
from langgraph_quorum.nodes.branching.metering import LIVE_S, CpuMeter
from langgraph_quorum.nodes.branching.thread_clock import ThreadClock
from langgraph_quorum.nodes.branching.ticket import Ticket
from tests.graphs.running import run
from tests.nodes.waves import wave

OPEN_FILES = Path("/proc/self/fd")


def test_a_waiting_thread_takes_no_cpu_and_a_computing_one_a_core() -> None:
    computing = CpuMeter()
    computing.metered(lambda: hashlib.pbkdf2_hmac("sha256", b"a", b"b", 100_000))
    for _ in range(50):  # where no core is free when it wakes, the wait for one counts
        waiting = CpuMeter()
        waiting.metered(lambda: threading.Event().wait(0.05))
        if waiting.share < 0.2:
            break
    assert waiting.share < 0.2
    assert computing.share > waiting.share


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="only Linux tells what kept a thread waiting")
def test_functions_that_fight_for_one_core_count_as_busy_each() -> None:
    meter, core = CpuMeter(), min(os.sched_getaffinity(0))
    together = threading.Barrier(4)

    def computes() -> None:
        hashlib.pbkdf2_hmac("sha256", b"a", b"b", 100_000)

    def on_one_core() -> None:
        os.sched_setaffinity(0, {core})
        together.wait()
        meter.metered(computes)

    threads = [threading.Thread(target=on_one_core) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.share > 0.6  # each ran for about a quarter of its time


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="only Linux has a file that tells a thread's waits")
def test_calls_that_have_ended_leave_no_file_open() -> None:
    meter, before = CpuMeter(), len(list(OPEN_FILES.iterdir()))
    for _ in range(200):
        meter.metered(lambda: None)
    assert len(list(OPEN_FILES.iterdir())) < before + 100


def test_a_thread_that_is_gone_tells_nothing() -> None:
    made: list[ThreadClock] = []
    thread = threading.Thread(target=lambda: made.append(ThreadClock()))
    thread.start()
    thread.join()
    for _ in range(1000):  # the system may take a moment longer than Python
        if made[0].share() is None:
            break
        threading.Event().wait(0.01)
    assert made[0].share() is None  # as in a forked child, that has none of the threads its parent was measuring
    made[0].close()


def test_many_threads_are_looked_at_once_for_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    meter, loads, looks = CpuMeter(), Loads(2), 0
    let_go, read = threading.Event(), ThreadClock.share

    def counted(clock: ThreadClock) -> float | None:
        nonlocal looks
        looks += 1
        return read(clock)

    monkeypatch.setattr(ThreadClock, "share", counted)
    threads = [threading.Thread(target=lambda: meter.metered(lambda: let_go.wait(30))) for _ in range(40)]
    for thread in threads:
        thread.start()
        loads.take(Load(1, meter))
    try:
        threading.Event().wait(2 * LIVE_S)  # until they have run long enough to be measured
        loads.fits(Load(1))
    finally:
        let_go.set()
        for thread in threads:
            thread.join()
    assert 0 < looks <= 4 * len(threads)  # 40 * 40, were each load to look at all threads


def test_a_call_that_raises_is_measured_too() -> None:
    meter = CpuMeter()
    with pytest.raises(ZeroDivisionError):
        meter.metered(lambda: 1 // 0)
    assert 0 <= meter.share <= 1


def test_what_was_never_measured_is_judged_by_the_others_and_without_any_as_a_core() -> None:
    others = CpuMeter()
    one, other = CpuMeter(others), CpuMeter(others)
    assert one.share == 1.0
    one.observe(cpu_s=0.1, wall_s=1.0)
    assert [one.share, other.share] == pytest.approx([0.1, 0.1])


def test_new_measurements_move_the_estimate_halfway() -> None:
    meter = CpuMeter()
    meter.observe(1.0, 1.0)
    meter.observe(0.0, 1.0)
    assert meter.share == pytest.approx(0.5)  # 0.5 * 1 + 0.5 * 0


def test_branches_that_turn_out_to_wait_are_let_in_together() -> None:
    meter = CpuMeter()
    admission = Admission(wave(10, cpu_at_once=2.0), 0.0)
    for number in range(10):
        admission.queue(Ticket(f"b{number}", number, load=Load(1.0, meter)))
    assert len(admission.admit(0.0)) == 2
    meter.observe(cpu_s=0.0, wall_s=0.5)
    admission.ended("b0", "succeeded", now=1.0)
    assert len(admission.admit(0.0)) == 8


async def test_ten_blocking_functions_wait_side_by_side() -> None:
    together = threading.Barrier(8, timeout=20)
    first = threading.Semaphore(4)  # the cores of the test's machine: nothing is measured yet

    def blocking(branch: Branch) -> dict[str, str]:
        if first.acquire(blocking=False):
            threading.Event().wait(0.05)  # blocks, and is measured to take no CPU
        else:
            together.wait()  # goes on only once eight of them are running at the same time
        return {"by": branch.branch_id}

    names = [f"s{number}" for number in range(12)]
    result = await run(*[Specialist(name, blocking) for name in names])
    assert {record["status"] for record in result["branches"].values()} == {"succeeded"}


async def test_a_declared_need_is_not_overruled_by_measurement() -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def careful(branch: Branch) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1
        return branch.branch_id

    crew = [Specialist(f"s{number}", careful, resources=Resources(cpu=2.0)) for number in range(6)]
    await run(*crew)
    assert most <= 2  # the test's machine has 4 cores, each takes 2


async def test_functions_that_hang_do_not_keep_the_cores_from_the_others() -> None:
    let_go = threading.Event()

    def hangs_or_not(branch: Branch) -> str:
        if branch.payload["hangs"]:
            let_go.wait(30)
        return branch.branch_id

    work: list[dict[str, Any]] = [
        {"branch_id": f"b{n}", "specialist": "s", "payload": {"hangs": n < 6}} for n in range(12)
    ]
    try:  # six that hang, on four cores: none has ended, so none is measured by its end
        policy = SyncPolicy(threshold=0.5, grace_s=0, deadline_s=20)
        result = await run(Specialist("s", hangs_or_not), work=work, sync=policy)
    finally:
        let_go.set()
    assert result["sync"][0]["reason"] == "quorum_met"
    assert sorted(result["sync"][0]["completed"]) == sorted(f"b{n}" for n in range(6, 12))
