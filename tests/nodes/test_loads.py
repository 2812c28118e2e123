"""Cores are counted by call: a retry, a fallback and a second call take theirs like any first one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from langgraph_quorum import Branch, Resources, Specialist, SyncPolicy
from langgraph_quorum.nodes.branching.admission import Admission
from langgraph_quorum.nodes.branching.loads import Load, Loads
from langgraph_quorum.nodes.branching.ticket import Ticket
from tests.graphs.running import run, statuses
from tests.nodes.waves import Meeting, wave

pytestmark = pytest.mark.looptime

CORES = 4
"""Of the machine that `run` makes."""


class Computing:
    """Calls that take a core each, for so many seconds by branch and attempt; counts how many go on at once."""

    def __init__(self, seconds: Callable[[Branch], float]) -> None:
        self.seconds = seconds
        self.now = self.most = 0

    async def __call__(self, branch: Branch) -> str:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self.seconds(branch))
        finally:
            self.now -= 1
        return branch.branch_id


async def fails(_: Branch) -> None:
    raise ValueError("never")


def items(count: int) -> list[dict[str, Any]]:
    return [{"branch_id": f"b{number}", "specialist": "s"} for number in range(count)]


async def test_a_fallback_that_computes_waits_for_a_core() -> None:
    computing = Computing(lambda _: 1)
    spare = Specialist("spare", computing, resources=Resources(cpu=1))
    result = await run(Specialist("s", fails, fallback="spare", attempts=1), spare, work=items(12))
    assert set(statuses(result).values()) == {"succeeded"}
    assert computing.most == CORES


async def test_a_second_call_beside_the_first_waits_for_a_core() -> None:
    computing = Computing(lambda branch: 3)
    result = await run(Specialist("s", computing, resources=Resources(cpu=1), hedge_s=1), work=items(12))
    assert set(statuses(result).values()) == {"succeeded"}
    assert computing.most == CORES


async def test_a_second_call_is_made_where_a_core_is_idle_and_no_branch_waits_for_it() -> None:
    computing = Computing(lambda branch: 30 if branch.attempt == 1 else 1)
    result = await run(Specialist("s", computing, resources=Resources(cpu=1), hedge_s=2), work=items(2))
    assert [record["attempts"] for record in result["branches"].values()] == [2, 2]
    assert [record["seconds"] for record in result["branches"].values()] == pytest.approx([3, 3])


async def test_a_retry_gives_its_core_back_while_it_waits_and_goes_before_new_branches() -> None:
    tries: list[str] = []

    async def first_fails(branch: Branch) -> str:
        tries.append(f"{branch.branch_id}.{branch.attempt}")
        await asyncio.sleep(5)
        if branch.branch_id == "b0" and branch.attempt == 1:
            raise ConnectionError("once")
        return branch.branch_id

    crew = Specialist("s", first_fails, resources=Resources(cpu=CORES), backoff_s=1)
    result = await run(crew, work=items(3))
    assert set(statuses(result).values()) == {"succeeded"}
    assert tries == ["b0.1", "b1.1", "b0.2", "b2.1"]


async def test_a_branch_whose_time_is_up_waits_for_no_core_any_more() -> None:
    computing = Computing(lambda branch: 60 if branch.branch_id == "b0" else 1)
    crew = [
        Specialist("s", computing, resources=Resources(cpu=CORES)),
        Specialist("fails", fails, fallback="s", attempts=1),
    ]
    work = [{"branch_id": "b0", "specialist": "s"}, {"branch_id": "b1", "specialist": "fails"}]
    result = await run(*crew, work=work, sync=SyncPolicy(deadline_s=10, minimum=1))
    assert result["branches"]["b1"]["status"] != "succeeded"
    assert result["branches"]["b1"]["settled_s"] == pytest.approx(10)
    assert computing.most == 1


async def test_what_goes_on_after_its_fan_out_still_waits_for_cores_and_gets_them() -> None:
    turns = Meeting(SyncPolicy(), wave(2, cpu_at_once=1)).gate.turns
    held = await turns.call("a", Load(1))
    waiting = asyncio.create_task(turns.call("b", Load(1)))
    turns.close()
    await asyncio.sleep(1)
    assert not waiting.done()
    turns.call_ended(held)
    await waiting


async def test_cores_that_came_with_the_turn_of_a_branch_that_is_gone_are_free_for_what_goes_on() -> None:
    turns = Meeting(SyncPolicy(), wave(2, cpu_at_once=1)).gate.turns
    await turns.wait(Ticket("cancelled before its first call", 0, load=Load(1)))
    waiting = asyncio.create_task(turns.call("goes on", Load(1)))
    turns.close()
    await asyncio.sleep(1)
    assert not waiting.done()
    turns.break_off()
    await waiting


async def test_a_call_that_is_given_up_while_it_waits_keeps_nobody_waiting() -> None:
    turns = Meeting(SyncPolicy(), wave(3, cpu_at_once=2)).gate.turns
    held = await turns.call("a", Load(1))
    given_up = asyncio.create_task(turns.call("b", Load(2)))
    behind = asyncio.create_task(turns.call("c", Load(1)))
    await asyncio.sleep(1)
    assert not behind.done()
    given_up.cancel()
    await asyncio.sleep(1)
    assert behind.done()
    turns.call_ended(held)


async def test_a_call_that_is_given_up_in_the_moment_it_gets_its_cores_gives_them_back() -> None:
    turns = Meeting(SyncPolicy(), wave(3, cpu_at_once=1)).gate.turns
    held = await turns.call("a", Load(1))
    given_up = asyncio.create_task(turns.call("b", Load(1)))
    behind = asyncio.create_task(turns.call("c", Load(1)))
    await asyncio.sleep(1)
    turns.call_ended(held)  # b has its cores now, and has not heard of it yet
    given_up.cancel()
    await asyncio.wait_for(behind, 1)
    assert given_up.cancelled()


async def test_a_second_call_that_goes_on_after_its_fan_out_gets_cores_too() -> None:
    turns = Meeting(SyncPolicy(), wave(2, cpu_at_once=2)).gate.turns
    first, other = await turns.call("a", Load(1)), await turns.call("b", Load(1))
    turns.close()
    second = asyncio.create_task(turns.call("a", Load(1, beside=first)))
    await asyncio.sleep(1)
    assert not second.done()
    turns.call_ended(other)
    await asyncio.wait_for(second, 1)


async def test_a_branch_that_is_cut_while_it_waits_for_its_rate_gives_its_cores_back() -> None:
    computing = Computing(lambda _: 1)
    paced = Specialist("paced", computing, resources=Resources(cpu=CORES), rate_limit=0.1)
    other = Specialist("other", computing, resources=Resources(cpu=CORES))
    work: list[dict[str, Any]] = [{"branch_id": name, "specialist": "paced"} for name in ("a", "b")]
    late = {"branch_id": "c", "specialist": "other", "not_before": 2}
    point = SyncPolicy(name="soon", branches=("a", "b"), threshold=0.5, grace_s=3)
    result = await run(paced, other, work=[*work, late], sync=[point, SyncPolicy(name="rest", deadline_s=60)])
    assert statuses(result) == {"a": "succeeded", "b": "cut", "c": "succeeded"}
    assert result["branches"]["c"]["waited_s"] == pytest.approx(4)  # 1 s of work, and 3 s of grace


async def test_a_second_call_that_waits_for_cores_holds_up_no_branch_that_fits() -> None:
    slow = Specialist("slow", Computing(lambda _: 5), resources=Resources(cpu=3), hedge_s=1)
    small = Specialist("small", Computing(lambda _: 1), resources=Resources(cpu=1))
    late: dict[str, Any] = {"branch_id": "b", "specialist": "small", "not_before": 2}
    result = await run(slow, small, work=[{"branch_id": "a", "specialist": "slow"}, late])
    assert result["branches"]["b"]["waited_s"] == pytest.approx(2)  # 3 of 4 cores are busy, and 3 more are waited for


async def test_a_further_call_begins_when_those_that_run_are_measured_to_take_less() -> None:
    meter: Any = SimpleNamespace(share=1.0, running_share=1.0)
    turns = Meeting(SyncPolicy(), wave(2, cpu_at_once=1)).gate.turns
    await turns.call("a", Load(1, meter))
    waiting = asyncio.create_task(turns.call("b", Load(1)))
    await asyncio.sleep(1)
    assert not waiting.done()
    meter.running_share = 0.0  # it hangs: nothing will have ended that could wake anybody
    await asyncio.wait_for(waiting, 1)


def test_a_second_call_does_not_take_the_cores_that_a_branch_waits_for() -> None:
    admission = Admission(wave(2, cpu_at_once=2), 0.0)
    admission.queue(Ticket("a", 0, load=Load(1)))
    admission.admit(0.0)
    second = Load(1, beside=admission.load_of("a"))
    admission.queue(Ticket("b", 1, load=Load(2)))
    assert admission.admit(0.0) == []
    admission.loads.waiting[second] = None
    assert admission.admit_seconds() == []  # there is room, but then b might wait for ever


def test_a_call_of_a_running_branch_goes_before_the_first_of_another() -> None:
    loads = Loads(2)
    first, retry, another = Load(2), Load(2), Load(1)
    loads.take(first)
    loads.waiting[retry] = None
    loads.give_back(first)
    assert not loads.fits(another)
    assert loads.admit() == [retry]


def test_further_calls_get_their_cores_in_the_order_in_which_they_came() -> None:
    loads = Loads(2)
    running, much, little = Load(1), Load(2), Load(1)
    loads.take(running)
    loads.waiting.update(dict.fromkeys((much, little)))
    assert loads.admit() == []  # there is room for the second, but then there might never be any for the first
    loads.give_back(running)
    assert loads.admit() == [much]


def test_a_second_call_that_waits_keeps_nobody_waiting_and_counts_like_any_once_the_first_has_ended() -> None:
    loads = Loads(3)
    first = Load(2)
    second = Load(2, beside=first)
    loads.take(first)
    loads.waiting[second] = None
    assert loads.admit_seconds() == []
    assert loads.fits(Load(1))
    loads.give_back(first)
    assert not loads.fits(Load(1))
    assert loads.admit() == [second]


def test_a_call_that_takes_next_to_nothing_waits_for_nobody() -> None:
    loads = Loads(1)
    loads.take(Load(1))
    loads.waiting[Load(1)] = None
    assert loads.fits(Load(0.01))
