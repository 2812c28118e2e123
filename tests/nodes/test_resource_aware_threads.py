"""Resource-aware pools: what waits runs side by side, what computes keeps to the cores."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from langgraph_quorum.nodes.branching.cores import first_that_fits, usable_cores
from langgraph_quorum.nodes.branching.metering import CpuMeter
from langgraph_quorum.nodes.branching.thread_pool import ThreadPool
from langgraph_quorum.state.thread_policy import ThreadPolicy
from tests.nodes.held import PATIENCE_S, Held, begin

T = TypeVar("T")


class Takes(CpuMeter):
    """Measures what the test says, whatever the machine does."""

    def __init__(self, cpu: float, *, known: bool = True) -> None:
        super().__init__()
        self._cpu = cpu
        if known:
            self.observe(cpu, 1.0)

    def metered(self, function: Callable[[], T]) -> T:
        try:
            return function()
        finally:
            self.observe(self._cpu, 1.0)


async def start(pool: ThreadPool, work: Held, meter: CpuMeter | None) -> tuple[Held, asyncio.Task[Any]]:
    return work, await begin(pool, work, meter=meter)


def resource_aware(cores: int) -> ThreadPool:
    return ThreadPool(ThreadPolicy(kind="resource_aware", size=10), cores=cores)


async def test_computing_calls_keep_to_the_cores_and_waiting_ones_run_beside_them(hold: Callable[[], Held]) -> None:
    pool = resource_aware(2)
    computing, waiting = Takes(1.0), Takes(0.0)
    first, _ = await start(pool, hold(), computing)
    second, _ = await start(pool, hold(), computing)
    third, _ = await start(pool, hold(), computing)
    for _ in range(6):
        held, _ = await start(pool, hold(), waiting)
        await held.running()
    assert (pool.statistics().busy, pool.statistics().queued) == (8, 1)
    assert not third.started
    second.let_go.set()
    await third.running()
    assert not first.let_go.is_set()


async def test_the_size_holds_whatever_the_calls_take(hold: Callable[[], Held]) -> None:
    pool = resource_aware(2)
    for _ in range(12):
        await start(pool, hold(), Takes(0.0))
    assert (pool.statistics().busy, pool.statistics().queued) == (10, 2)


async def test_what_turns_out_to_wait_is_let_in_together(hold: Callable[[], Held]) -> None:
    pool = resource_aware(1)
    meter = Takes(0.0, known=False)
    works = [(await start(pool, hold(), meter))[0] for _ in range(4)]
    assert pool.statistics().busy == 1  # what was never measured counts as a core
    works[0].let_go.set()
    for work in works[1:]:
        await work.running()


async def test_what_is_measured_to_compute_half_the_time_shares_a_core(hold: Callable[[], Held]) -> None:
    pool = resource_aware(2)
    for _ in range(6):
        await start(pool, hold(), Takes(0.5))
    assert pool.statistics().busy == 4  # 4 * 0.5 = 2 cores


async def test_calls_without_a_meter_count_as_a_core_until_one_of_them_is_measured(hold: Callable[[], Held]) -> None:
    pool = resource_aware(2)
    for _ in range(3):
        await start(pool, hold(), None)
    assert (pool.statistics().busy, pool.statistics().queued) == (2, 1)


async def test_an_abandoned_call_leaves_its_cores_to_the_next(hold: Callable[[], Held]) -> None:
    pool = resource_aware(1)
    first, task = await start(pool, hold(), Takes(1.0))
    await first.running()
    second, _ = await start(pool, hold(), Takes(1.0))
    task.cancel()
    await second.running()
    assert pool.statistics().abandoned == 1


async def test_the_callers_meter_measures_the_call() -> None:
    meter = Takes(0.25, known=False)
    async with asyncio.timeout(PATIENCE_S):
        await resource_aware(1).run(lambda: None, name="work", meter=meter)
    assert meter.share == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("waiting", "running", "place"),
    [
        ([], [], None),
        ([1.0], [], 0),
        ([1.0], [1.0], 0),
        ([1.0], [1.0, 1.0], None),
        ([0.0], [1.0, 1.0], 0),
        ([1.0, 1.0, 0.0], [1.0, 1.0], 2),  # what waits passes what computes
        ([1.0, 0.3], [1.0, 0.5], None),  # 1.8 would fit, but what computes keeps its order: 2.5 does not
        ([0.5], [1.0, 0.5], 0),
        ([0.6], [1.0, 0.5], None),
        ([1.0], [0.01] * 50 + [1.0], 0),  # fifty that only wait take nothing
    ],
)
def test_on_two_cores_the_first_that_fits_is_next(
    waiting: list[float], running: list[float], place: int | None
) -> None:
    assert first_that_fits(waiting, running, cores=2) == place


def test_the_cores_are_those_that_the_process_may_use_where_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 2, 5}, raising=False)
    assert usable_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores() == 1
