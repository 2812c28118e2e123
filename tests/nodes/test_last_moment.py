"""An answer that comes at the very moment at which its call is stopped is an answer."""

from __future__ import annotations

import asyncio

import pytest

from langgraph_quorum.nodes.branching.hedging import first_success

pytestmark = pytest.mark.looptime


async def test_a_hedged_call_that_answers_while_it_is_being_stopped_has_answered() -> None:
    async def call() -> str:
        await asyncio.sleep(2)
        hedged.cancel()
        return "done"

    hedged = asyncio.create_task(first_success(call, call, hedge_s=1))
    assert await hedged == "done"


async def test_a_hedged_call_that_is_stopped_before_it_answers_has_not() -> None:
    async def call() -> None:
        await asyncio.sleep(2)

    hedged = asyncio.create_task(first_success(call, call, hedge_s=1))
    await asyncio.sleep(1.5)
    hedged.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hedged
