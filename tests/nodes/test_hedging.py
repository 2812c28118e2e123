"""A late call gets a second one beside it: the first success wins, the other is cancelled."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.nodes.branching.hedging import first_success
from tests.graphs.running import run, statuses

pytestmark = pytest.mark.looptime


class Calls:
    """Calls that take so many seconds, one after the other; a negative one fails after that time."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)
        self.started: list[float] = []
        self.cancelled = 0

    async def __call__(self) -> int:
        number = len(self.started)
        self.started.append(asyncio.get_running_loop().time())
        try:
            await asyncio.sleep(abs(self.seconds[number]))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.seconds[number] < 0:
            raise ConnectionError(f"call {number}")
        return number


async def test_a_call_in_time_has_no_second_beside_it() -> None:
    calls = Calls(1)
    assert await first_success(calls, calls, hedge_s=2) == 0
    assert len(calls.started) == 1


@pytest.mark.parametrize(
    ("seconds", "winner", "ends_at"),
    [
        ((30, 1), 1, 3),  # the second starts at 2 s and takes 1
        ((4, 30), 0, 4),  # the first was late, and still the faster
        ((30, -1), 0, 30),  # the second fails: the first is waited for
        ((-3, 5), 1, 7),  # the first fails at 3 s, the second ends at 2 + 5
    ],
)
async def test_the_first_success_wins(seconds: tuple[float, ...], winner: int, ends_at: float) -> None:
    calls = Calls(*seconds)
    began = asyncio.get_running_loop().time()
    assert await first_success(calls, calls, hedge_s=2) == winner
    assert asyncio.get_running_loop().time() - began == pytest.approx(ends_at)
    await asyncio.sleep(0)  # one turn of the loop for the cancellation
    assert calls.cancelled == sum(ends_at < late for late in (seconds[0], 2 + abs(seconds[1])) if late > 0)


async def test_a_failure_before_the_hedge_is_raised_at_once() -> None:
    calls = Calls(-1)
    with pytest.raises(ConnectionError, match="call 0"):
        await first_success(calls, calls, hedge_s=2)
    assert len(calls.started) == 1


async def test_when_both_fail_the_first_error_is_raised() -> None:
    calls = Calls(-3, -1)
    with pytest.raises(ConnectionError, match="call 0"):
        await first_success(calls, calls, hedge_s=2)


async def test_cancelling_a_hedged_call_cancels_both() -> None:
    calls = Calls(30, 30)
    hedged = asyncio.create_task(first_success(calls, calls, hedge_s=2))
    await asyncio.sleep(5)
    hedged.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hedged
    await asyncio.sleep(0)
    assert calls.cancelled == 2


@pytest.mark.parametrize(
    ("seconds", "winner", "ends_at", "started"),
    [
        ((30, 1), 1, 8, [0, 7]),  # late at 2 s, the second may start at 7 s and takes 1
        ((4, 30), 0, 4, [0]),  # the first answers while the second may not start yet
        ((-3, 1), 1, 8, [0, 7]),  # the first fails while the second may not start yet
    ],
)
async def test_a_second_call_may_wait_and_the_first_is_heard_meanwhile(
    seconds: tuple[float, ...], winner: int, ends_at: float, started: list[float]
) -> None:
    calls = Calls(*seconds)

    async def five_later() -> int:
        await asyncio.sleep(5)
        return await calls()

    began = asyncio.get_running_loop().time()
    assert await first_success(calls, five_later, hedge_s=2) == winner
    assert asyncio.get_running_loop().time() - began == pytest.approx(ends_at)
    await asyncio.sleep(60)
    assert [at - began for at in calls.started] == pytest.approx(started)


async def test_a_hedged_specialist_keeps_within_its_rate_limit() -> None:
    calls = Calls(30, 30, 1, 1)

    async def late(_: Branch) -> int:
        return await calls()

    work: list[dict[str, Any]] = [{"branch_id": name, "specialist": "late"} for name in "ab"]
    result = await run(Specialist("late", late, rate_limit=0.2, hedge_s=2), work=work)
    assert statuses(result) == {"a": "succeeded", "b": "succeeded"}
    assert [at - calls.started[0] for at in calls.started] == pytest.approx([0, 5, 10, 15])


async def test_a_hedged_specialist_counts_both_calls_as_attempts() -> None:
    calls = Calls(30, 1)

    async def late(branch: Branch) -> dict[str, int]:
        return {"call": await calls(), "attempt": branch.attempt}

    result = await run(Specialist("late", late, hedge_s=2))
    record = result["branches"]["late"]
    assert statuses(result) == {"late": "succeeded"}
    assert record["result"] == {"call": 1, "attempt": 2}
    assert (record["attempts"], record["seconds"]) == (2, pytest.approx(3))


async def test_a_call_that_has_lost_and_will_not_end_keeps_the_turn_of_its_branch() -> None:
    times: dict[str, float] = {}
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def works(branch: Branch) -> str:
        if branch.branch_id == "next":
            times["next starts"] = loop.time() - began
            return "next"
        if branch.attempt > 1:
            return "hedge"
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            await asyncio.sleep(7)  # refuses to end
            times["loser ends"] = loop.time() - began
        return "late"

    work: list[dict[str, Any]] = [
        {"branch_id": "hedged", "specialist": "s", "exclusive": ["door"], "hedge_s": 2},
        {"branch_id": "next", "specialist": "s", "exclusive": ["door"], "priority": "low"},
    ]
    result = await run(Specialist("s", works), work=work)
    assert {name: record["result"] for name, record in result["branches"].items()} == {
        "hedged": "hedge",
        "next": "next",
    }
    assert result["branches"]["hedged"]["settled_s"] == pytest.approx(2, abs=0.01)
    assert times == pytest.approx({"loser ends": 9, "next starts": 9}, abs=0.01)
