"""Many awaited calls are limited by one timer, as `asyncio.timeout` would limit each."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from langgraph_quorum.nodes.branching.deadlines import AttemptTimeoutError, Deadlines, hold_time

pytestmark = pytest.mark.looptime


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_call_that_is_quick_enough_gives_its_result() -> None:
    assert await Deadlines().within(2, asyncio.sleep(1, "done")) == "done"


async def test_a_call_that_is_too_slow_is_cancelled_when_its_time_is_up() -> None:
    began = now()
    with pytest.raises(AttemptTimeoutError, match=r"^no answer within 2 s$"):
        await Deadlines().within(2, asyncio.sleep(100))
    assert now() - began == pytest.approx(2)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_each_call_has_its_own_limit_whatever_their_order() -> None:
    deadlines = Deadlines()
    began, ends = now(), dict[float, float]()

    async def limited(seconds: float) -> None:
        with pytest.raises(AttemptTimeoutError):
            await deadlines.within(seconds, asyncio.sleep(1000))
        ends[seconds] = now() - began

    await asyncio.gather(*(limited(seconds) for seconds in (3, 1, 2, 1.5, 10)))
    assert ends == pytest.approx({seconds: seconds for seconds in (1, 1.5, 2, 3, 10)})


async def test_a_call_without_a_limit_goes_on() -> None:
    assert await Deadlines().within(math.inf, asyncio.sleep(10_000, "late")) == "late"


async def test_limits_nest() -> None:
    deadlines = Deadlines()
    with pytest.raises(AttemptTimeoutError, match="within 1 s"):
        await deadlines.within(5, deadlines.within(1, asyncio.sleep(100)))
    with pytest.raises(AttemptTimeoutError, match="within 1 s"):
        await deadlines.within(1, deadlines.within(5, asyncio.sleep(100)))


async def test_a_cancellation_from_outside_is_no_timeout_even_at_the_same_moment() -> None:
    limited = asyncio.create_task(Deadlines().within(2, asyncio.sleep(100)))
    asyncio.get_running_loop().call_later(2, limited.cancel)
    with pytest.raises(asyncio.CancelledError):
        await limited


async def test_what_the_call_makes_of_its_cancellation_stands() -> None:
    async def answers_anyway() -> str:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            return "anyway"
        return "never"

    async def fails() -> None:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            raise ValueError("broken") from None

    task = asyncio.current_task()
    assert await Deadlines().within(1, answers_anyway()) == "anyway"
    with pytest.raises(ValueError, match="broken"):
        await Deadlines().within(1, fails())
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(1)  # nothing is left that would cancel this


async def test_a_closed_one_ends_calls_that_go_on_and_leaves_no_timer() -> None:
    deadlines = Deadlines()
    straggler: asyncio.Task[Any] = asyncio.create_task(deadlines.within(3, asyncio.sleep(100)))
    await asyncio.sleep(1)
    deadlines.close()
    with pytest.raises(AttemptTimeoutError):
        await straggler
    assert vars(deadlines)["_timer"] is None


async def test_a_thousand_quick_calls_leave_no_timer_behind() -> None:
    deadlines = Deadlines()
    await asyncio.gather(*(deadlines.within(300, asyncio.sleep(0)) for _ in range(1000)))
    deadlines.close()
    assert (vars(deadlines)["_timer"], list(vars(deadlines)["_limits"])) == (None, [])


async def test_time_that_is_held_does_not_count() -> None:
    began = now()

    async def waits_for_its_turn() -> None:
        await asyncio.sleep(1)
        go_on = hold_time()
        assert go_on is not None
        await asyncio.sleep(50)
        go_on()
        await asyncio.sleep(100)

    with pytest.raises(AttemptTimeoutError):
        await Deadlines().within(3, waits_for_its_turn())
    assert now() - began == pytest.approx(1 + 50 + 2)


async def test_without_a_limit_there_is_no_time_to_hold() -> None:
    async def unlimited() -> bool:
        return hold_time() is None

    assert await Deadlines().within(math.inf, unlimited())
