"""Turns are never lost: one that falls to a branch which is no longer there goes on to the next."""

from __future__ import annotations

import asyncio
import math
from functools import partial

import pytest

from langgraph_quorum.state.branch import Share
from langgraph_quorum.state.sync_policy import SyncPolicy
from tests.nodes.waves import Meeting, wave

pytestmark = pytest.mark.looptime


async def test_a_turn_that_falls_to_a_cut_branch_goes_on_to_the_next() -> None:
    shares = [Share(point=name, total=2, earlier=0, must=[]) for name in ("quick", "main")]
    quick = SyncPolicy(name="quick", branches=("a", "b"), threshold=1.0, deadline_s=1)
    policies = [quick, SyncPolicy(threshold=1.0, deadline_s=math.inf)]
    meeting = Meeting(policies, wave(shares=shares, mode="sequential", at_once=1, ceiling=1))
    sleep = partial(asyncio.sleep, 5)

    async def tidy() -> None:
        try:
            await asyncio.sleep(5)
        finally:
            await asyncio.sleep(0.05)  # takes its time to go, so that the branch behind it is gone first

    async with asyncio.timeout(100):
        await asyncio.gather(
            meeting.branch("a", tidy, order=0, points=["quick"]),
            meeting.branch("b", sleep, order=1, points=["quick"]),  # cut at 1 s, while it waits for its turn
            meeting.branch("c", sleep, order=2),
            meeting.branch("d", sleep, order=3),
        )
    assert meeting.ended == {"a": ("cut", 1.05), "b": ("cut", 1), "c": ("succeeded", 6.05), "d": ("succeeded", 11.05)}
