"""Hedging: when the first call is late a second one is started; the first success wins, the other is cancelled.

Dean and Barroso, The Tail at Scale, 2013.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from langgraph.errors import GraphBubbleUp

T = TypeVar("T")


def _nobody_asks(_: asyncio.Task[Any]) -> None:
    """Where it does not matter what becomes of a call that has lost."""


async def first_success(
    first: Callable[[], Coroutine[Any, Any, T]],
    second: Callable[[], Coroutine[Any, Any, T]],
    hedge_s: float,
    lost: Callable[[asyncio.Task[Any]], None] = _nobody_asks,
) -> T:
    """The first answer of at most two calls.

    Args:
        first: Makes a call.
        second: Makes another, and may wait before it does: the first one goes on meanwhile.
        hedge_s: Seconds after which the first call counts as late, above 0. One that fails before is not hedged.
        lost: Told of each call that was cancelled and has not ended yet: it may take its time, or refuse.

    Raises:
        Exception: what the first call raised, when both failed. An interrupt of either is raised at once.
    """
    calls = [asyncio.create_task(first())]
    try:
        await asyncio.wait(calls, timeout=hedge_s)
        if calls[0].done():
            return calls[0].result()
        calls.append(asyncio.create_task(second()))
        pending = set(calls)
        while pending:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            winner = next((one for one in calls if one.done() and _is_answer(one)), None)
            if winner is not None:
                return winner.result()
        return calls[0].result()
    except asyncio.CancelledError:
        answered = next((one for one in calls if one.done() and not one.cancelled() and not one.exception()), None)
        if answered is None:
            raise
        return answered.result()  # it came at the very moment: what is done is never thrown away
    finally:
        for one in calls:
            one.add_done_callback(_look_at)
            one.cancel()
            if not one.done():
                lost(one)


def _is_answer(call: asyncio.Task[Any]) -> bool:
    """Whether it ended well, or with a question that LangGraph must see."""
    if call.cancelled():
        return False
    error = call.exception()
    return error is None or isinstance(error, GraphBubbleUp)


def _look_at(call: asyncio.Task[Any]) -> None:
    """Keep the loop from complaining of an error that nobody waits for."""
    if not call.cancelled():
        call.exception()
