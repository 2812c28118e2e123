"""Releasing before the quorum or without it: enough is enough, too much has failed, somebody must be there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from langgraph_quorum.state.decision import Release
from langgraph_quorum.state.sync_policy import SyncPolicy
from tests.nodes.waves import Meeting, wave

pytestmark = pytest.mark.looptime


async def failing_after(seconds: float) -> None:
    await asyncio.sleep(seconds)
    raise ValueError("no")


def two_are_in(results: Mapping[str, Any]) -> bool:
    return len(results) == 2


async def test_it_stops_as_soon_as_the_answer_is_decisive() -> None:
    meeting = Meeting(SyncPolicy(threshold=1.0, until=two_are_in), wave(4))
    ended = await meeting.of_sleepers({"a": 1, "b": 2, "c": 3, "d": 30})
    # a at 1 s, b at 2 s: two are in
    assert ended == {"a": ("succeeded", 1), "b": ("succeeded", 2), "c": ("cut", 2), "d": ("cut", 2)}
    assert meeting.gate.released(["main"]) == Release("decisive")


async def later(results: Mapping[str, Any]) -> bool:
    return len(results) == 2


@pytest.mark.parametrize("broken", [lambda results: bool(results["never"]), lambda results: later({**results})])
async def test_a_predicate_that_raises_or_would_have_to_be_awaited_is_logged_and_means_not_yet(
    broken: Any, caplog: pytest.LogCaptureFixture
) -> None:
    meeting = Meeting(SyncPolicy(threshold=1.0, until=broken), wave(2))
    with caplog.at_level(logging.ERROR):
        await meeting.of_sleepers({"a": 1, "b": 2})
    assert meeting.gate.released(["main"]) == Release("all_done")
    assert "until of sync point 'main' failed" in caplog.text


@pytest.mark.parametrize(("tolerate", "stops_at"), [(0, 1), (1, 2), (0.25, 2), (0.0, 1)])
async def test_it_stops_when_more_has_failed_than_is_tolerated(tolerate: float, stops_at: int) -> None:
    # One fails at 1 s, one at 2 s; a quarter of 4 branches is 1 failure that is put up with.
    meeting = Meeting(SyncPolicy(threshold=1.0, tolerate=tolerate), wave(4))
    await asyncio.gather(
        meeting.branch("first", lambda: failing_after(1)),
        meeting.branch("second", lambda: failing_after(2)),
        meeting.branch("slow", lambda: asyncio.sleep(30)),
        meeting.branch("slower", lambda: asyncio.sleep(40)),
    )
    assert meeting.gate.released(["main"]) == Release("too_many_failed")
    assert meeting.ended["slow"] == ("cut", stops_at)


async def test_without_a_limit_every_failure_is_put_up_with() -> None:
    meeting = Meeting(SyncPolicy(threshold=1.0), wave(2))
    await asyncio.gather(
        meeting.branch("bad", lambda: failing_after(1)), meeting.branch("slow", lambda: asyncio.sleep(5))
    )
    assert meeting.ended["slow"] == ("succeeded", 5)


async def test_the_quorum_waits_for_a_branch_that_must_be_there() -> None:
    # The half is in at 1 s, but `key` comes at 3 s: the quorum is reached then, and there is no grace.
    policy = SyncPolicy(threshold=0.5, grace_s=0, must=("key",))
    meeting = Meeting(policy, wave(4, must=("key",)))
    ended = await meeting.of_sleepers({"a": 1, "b": 1, "key": 3, "slow": 30})
    assert ended["key"] == ("succeeded", 3)
    assert ended["slow"] == ("cut", 3)


async def test_a_count_of_successes_can_stand_in_for_the_share() -> None:
    meeting = Meeting(SyncPolicy(successes=2, grace_s=0), wave(5))
    ended = await meeting.of_sleepers({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5})
    assert ended["b"] == ("succeeded", 2)
    assert ended["c"] == ("cut", 2)
