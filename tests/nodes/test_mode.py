"""Complexity, capacity and the mode that follows from them; the arithmetic stands beside each figure."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from langgraph_quorum import Branch, ModePolicy, Specialist
from langgraph_quorum.nodes.planning.capacity import LocalCapacity
from langgraph_quorum.nodes.planning.complexity import ComplexityScale, complexity_of, measures_of
from langgraph_quorum.nodes.planning.mode import Demand, check_mode, choose_mode
from langgraph_quorum.nodes.specialists.specialist import Resources, by_name
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.ports import Capacity
from langgraph_quorum.state.records import WorkItem

IDLE = Capacity(cpus=8, free_cpu=0.9, free_memory_bytes=8 * 1024**3, free_workers=7)
HARD = Demand(complexity=0.81, dependency=0.0, needs_cpu=True)


def compute(branch: Branch) -> str:
    return branch.task


async def wait(branch: Branch) -> str:
    return branch.task


CREW = by_name(
    [Specialist("cpu", compute), Specialist("io", wait), Specialist("two", wait, resources=Resources(cpu=2))]
)


def test_complex_work_on_an_idle_machine_runs_in_parallel_with_at_most_five_on_the_cpu() -> None:
    allowed = choose_mode(HARD, IDLE, ModePolicy())
    assert (allowed.mode, allowed.cpu_at_once) == ("parallel", 5.0)  # min(5, 7 free workers)
    assert choose_mode(HARD, replace(IDLE, free_workers=2), ModePolicy()).cpu_at_once == 2.0  # min(5, 2)


@pytest.mark.parametrize(
    ("demand", "capacity", "mode"),
    [
        (replace(HARD, complexity=0.8), IDLE, "adaptive"),  # has to be above 0.8
        (HARD, replace(IDLE, free_cpu=0.7), "adaptive"),  # has to be above 0.7
        (replace(HARD, needs_cpu=False), replace(IDLE, free_cpu=0.1), "parallel"),  # waiting asks for no CPU
        (Demand(complexity=0.2, dependency=0.61, needs_cpu=True), IDLE, "sequential"),
        (Demand(complexity=0.2, dependency=0.6, needs_cpu=True), IDLE, "adaptive"),  # has to be above 0.6
        (replace(HARD, dependency=0.9), IDLE, "parallel"),  # the rule for parallel comes first
    ],
)
def test_the_mode_follows_the_thresholds(demand: Demand, capacity: Capacity, mode: str) -> None:
    assert choose_mode(demand, capacity, ModePolicy()).mode == mode


def test_sequential_runs_one_at_a_time_and_adaptive_starts_at_three() -> None:
    one = choose_mode(Demand(0.2, 0.9, needs_cpu=False), IDLE, ModePolicy())
    assert (one.at_once, one.ceiling) == (1, 1)
    three = choose_mode(Demand(0.2, 0.0, needs_cpu=False), IDLE, ModePolicy())
    assert (three.at_once, three.ceiling) == (3, 1000)


def test_no_more_run_at_once_than_fit_into_memory() -> None:
    hungry = replace(HARD, memory_mb=3 * 1024)
    assert choose_mode(hungry, IDLE, ModePolicy()).at_once == 2  # 8 GB / 3 GB = 2.67
    assert choose_mode(replace(HARD, memory_mb=1e6), IDLE, ModePolicy()).at_once == 1  # never none at all


def test_the_decision_says_its_rule_and_its_figures() -> None:
    assert choose_mode(HARD, IDLE, ModePolicy()).why == "complexity 0.81 is above 0.8 and free CPU 0.90"
    assert choose_mode(HARD, IDLE, ModePolicy(), "sequential").why == "sequential was asked for"


def test_a_mode_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="mode='turbo': give one of auto, parallel, sequential, adaptive"):
        check_mode("turbo")


def test_complexity_is_the_mean_of_volume_structure_and_computation() -> None:
    work = [
        WorkItem(branch_id="a", specialist="cpu", measures={"size_bytes": 300.0, "parts": 8.0, "depth": 2.0}),
        WorkItem(branch_id="b", specialist="two", measures={"size_bytes": 100.0, "parts": 1.0, "depth": 1.0}),
        WorkItem(branch_id="c", specialist="io", measures={"size_bytes": 0.0, "parts": 0.0, "depth": 0.0}),
    ]
    scale = ComplexityScale(volume_bytes=400, parts=10, cores=3.1)
    found = complexity_of(work, CREW, scale)
    assert found.volume == 0.5  # (300 + 100) / (400 + 400)
    assert found.structure == 0.5  # the largest: (8 + 2) / (10 + 10)
    assert found.computation == pytest.approx(0.5)  # (1 + 2 + 0.1) / (3.1 + 3.1)
    assert found.score == pytest.approx(0.5)


def test_what_an_item_does_not_measure_is_measured_on_its_payload() -> None:
    item = WorkItem(branch_id="a", specialist="io", payload={"rows": [1, 2, {"x": 1}]}, measures={"size_bytes": 1e6})
    # rows, its three items and x make 5 parts; {...} > [...] > {...} nests 3 deep
    assert measures_of(item) == {"size_bytes": 1e6, "parts": 5.0, "depth": 3.0}
    assert measures_of(WorkItem(payload={"a": "é"}))["size_bytes"] == 15.0  # {"a": "\u00e9"}


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "big", True])
def test_a_scale_names_the_field_that_is_no_scale(wrong: float) -> None:
    with pytest.raises(ConfigurationError, match="parts="):
        ComplexityScale(parts=wrong)


async def test_the_machine_is_measured_within_its_bounds_and_without_blocking_the_loop() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    probe, began = LocalCapacity(cost_budget=3.0), time.monotonic()
    first = await probe.measure()
    assert time.monotonic() - began >= 0.05  # it needs two samples some time apart
    ticking.cancel()
    assert ticks >= 3
    assert 0 <= first.free_cpu <= 1
    assert 0 <= first.io_wait <= 1
    assert 1 <= first.free_workers <= first.cpus
    assert first.free_memory_bytes > 0
    assert first.cost_budget == 3.0


async def test_a_busy_core_is_seen() -> None:
    probe = LocalCapacity()
    await probe.measure()
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        pass
    busy = await probe.measure()
    assert busy.free_cpu <= 1 - 0.5 / busy.cpus  # one core was busy; half of that leaves room for noise


async def test_runs_that_start_together_share_one_measurement() -> None:
    probe = LocalCapacity()
    assert await probe.measure() is await probe.measure()


async def test_who_asks_while_the_machine_is_being_measured_gets_that_measurement() -> None:
    probe = LocalCapacity()
    gone, *others = [asyncio.create_task(probe.measure()) for _ in range(20)]
    await asyncio.sleep(0)
    gone.cancel()  # that its caller has gone costs the others nothing
    found = await asyncio.gather(*others)
    assert gone.cancelled()
    assert all(one is found[0] for one in found)
