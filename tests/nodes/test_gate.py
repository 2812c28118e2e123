"""The gate in virtual time: who is waited for, who is cut, and when."""

from __future__ import annotations

import asyncio
import math
from typing import Literal

import pytest

from langgraph_quorum.state.decision import Release
from langgraph_quorum.state.sync_policy import SyncPolicy
from tests.nodes.waves import Meeting, wave
from tests.state.written import record

pytestmark = pytest.mark.looptime


async def test_stragglers_get_the_grace_and_are_then_cut() -> None:
    meeting = Meeting(SyncPolicy(threshold=0.75, grace_s=0.2), wave(4))
    ended = await meeting.of_sleepers({"a": 0.1, "b": 0.1, "c": 0.1, "slow": 30})
    # 3 of 4 are the 75 % at 0.1 s; 0.1 + 0.2 of grace = 0.3 s
    assert ended == {
        "a": ("succeeded", 0.1),
        "b": ("succeeded", 0.1),
        "c": ("succeeded", 0.1),
        "slow": ("cut", 0.3),
    }
    assert meeting.gate.released(["main"]) == Release("grace_expired")


async def test_whoever_makes_it_within_the_grace_counts() -> None:
    meeting = Meeting(SyncPolicy(threshold=0.5, grace_s=1), wave(2))
    assert (await meeting.of_sleepers({"a": 1, "b": 1.9}))["b"] == ("succeeded", 1.9)
    assert meeting.gate.released(["main"]) == Release("all_done")


async def test_the_deadline_ends_the_wait_below_the_threshold() -> None:
    meeting = Meeting(SyncPolicy(threshold=1.0, deadline_s=2), wave(3))
    ended = await meeting.of_sleepers({"a": 0.5, "b": 5, "c": 5})
    assert ended["b"] == ended["c"] == ("cut", 2.0)
    assert meeting.gate.released(["main"]) == Release("deadline_partial")


async def test_a_minimum_above_the_threshold_is_waited_for() -> None:
    meeting = Meeting(SyncPolicy(threshold=0.1, minimum=3, grace_s=0), wave(4))
    ended = await meeting.of_sleepers({"a": 1, "b": 2, "c": 3, "d": 4})
    assert ended["d"] == ("cut", 3.0)


async def test_without_a_deadline_it_waits_as_long_as_it_takes() -> None:
    meeting = Meeting(SyncPolicy(threshold=1.0, deadline_s=math.inf), wave(2))
    assert (await meeting.of_sleepers({"a": 1, "b": 60}))["b"] == ("succeeded", 60.0)


async def test_failures_do_not_count_for_the_quorum_but_end_the_wait() -> None:
    async def fail() -> None:
        raise ValueError

    meeting = Meeting(SyncPolicy(threshold=0.75), wave(2))
    await asyncio.gather(meeting.branch("a", lambda: asyncio.sleep(1)), meeting.branch("b", fail))
    assert meeting.gate.released(["main"]) == Release("all_done")
    assert meeting.ended["a"] == ("succeeded", 1.0)


async def test_work_done_at_the_moment_of_release_is_kept() -> None:
    meeting = Meeting(SyncPolicy(threshold=0.5, grace_s=1), wave(2))
    ended = await meeting.of_sleepers({"a": 1, "b": 2})  # 1 + 1 of grace = 2: the very moment
    assert ended["b"][0] == "succeeded"


async def test_a_straggler_that_ignores_cancellation_does_not_hold_the_others_up() -> None:
    async def stubborn() -> None:
        for _ in range(5):
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                continue

    meeting = Meeting(SyncPolicy(threshold=0.5, grace_s=0), wave(2))
    await asyncio.gather(meeting.branch("a", lambda: asyncio.sleep(1)), meeting.branch("b", stubborn))
    assert meeting.ended["b"] == ("cut", 1.1)  # released at 1, plus the 0.1 s that it may take to clean up
    await asyncio.sleep(60)


@pytest.mark.parametrize(("on_straggler", "finished"), [("cancel", False), ("abandon", True)])
async def test_a_straggler_is_cancelled_or_runs_on_unheard(
    on_straggler: Literal["cancel", "abandon"], finished: bool
) -> None:
    done: list[bool] = []

    async def slow() -> None:
        await asyncio.sleep(5)
        done.append(True)

    meeting = Meeting(SyncPolicy(threshold=0.5, grace_s=0, on_straggler=on_straggler), wave(2))
    await asyncio.gather(meeting.branch("a", lambda: asyncio.sleep(1)), meeting.branch("b", slow))
    assert meeting.ended["b"] == ("cut", 1.0)
    await asyncio.sleep(10)
    assert bool(done) is finished


async def test_a_straggler_that_answers_while_it_is_cancelled_has_answered() -> None:
    async def last_word() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            await asyncio.sleep(0.05)

    meeting = Meeting(SyncPolicy(threshold=0.5, grace_s=0), wave(2))
    await asyncio.gather(meeting.branch("a", lambda: asyncio.sleep(1)), meeting.branch("b", last_word))
    assert meeting.ended["b"] == ("succeeded", 1.05)


async def test_a_straggler_that_fails_while_it_is_cancelled_was_cut() -> None:
    async def messy() -> None:
        try:
            await asyncio.sleep(5)
        finally:
            raise ValueError

    meeting = Meeting(SyncPolicy(threshold=0.5, grace_s=0), wave(2))
    await asyncio.gather(meeting.branch("a", lambda: asyncio.sleep(1)), meeting.branch("b", messy))
    assert meeting.ended["b"] == ("cut", 1.0)


@pytest.mark.parametrize("on_straggler", ["cancel", "abandon"])
async def test_a_branch_that_waits_for_its_turn_at_the_release_never_starts(
    on_straggler: Literal["cancel", "abandon"],
) -> None:
    policy = SyncPolicy(threshold=0.5, grace_s=0, on_straggler=on_straggler)
    meeting = Meeting(policy, wave(2, mode="sequential", at_once=1))
    await meeting.of_sleepers({"a": 1, "b": 1})
    await asyncio.sleep(10)
    assert meeting.started == ["a"]
    assert meeting.ended["b"] == ("cut", 1.0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_branch_that_comes_to_its_turn_just_after_the_release_never_starts() -> None:
    meeting = Meeting(SyncPolicy(threshold=0.5, grace_s=0), wave(2))
    late = asyncio.create_task(meeting.branch("b", lambda: asyncio.sleep(1)))
    await asyncio.sleep(0)  # it has joined the race, and its work is about to begin
    meeting.gate.settle(record("a"))
    await late
    assert (meeting.started, meeting.ended["b"]) == ([], ("cut", 0.0))


async def test_what_finished_before_a_crash_counts() -> None:
    before = {name: record(name) for name in ("a", "b", "c")}
    meeting = Meeting(SyncPolicy(threshold=0.75, grace_s=2), wave(4), preset=before)
    assert await meeting.of_sleepers({"d": 30}) == {"d": ("cut", 2.0)}


async def test_a_drain_ends_running_work_within_a_tenth_of_a_second() -> None:
    asked = asyncio.Event()
    meeting = Meeting(SyncPolicy(), wave(2), drain=asked.is_set)
    asyncio.get_running_loop().call_later(3, asked.set)
    await meeting.of_sleepers({"a": 30, "b": 30})
    assert meeting.gate.released(["main"]) == Release("drained")
    assert 3 <= meeting.ended["a"][1] <= 3.1


async def test_a_gate_that_opens_during_a_drain_starts_nothing() -> None:
    meeting = Meeting(SyncPolicy(), wave(1), drain=lambda: True)
    await meeting.of_sleepers({"a": 30})
    assert (meeting.started, meeting.ended["a"]) == ([], ("cut", 0.0))


async def test_dependents_start_the_moment_their_own_prerequisites_are_done() -> None:
    meeting = Meeting(SyncPolicy(threshold=1.0), wave(3))
    await asyncio.gather(
        meeting.branch("slow", lambda: asyncio.sleep(9)),
        meeting.branch("first", lambda: asyncio.sleep(1)),
        meeting.branch("second", lambda: asyncio.sleep(1), waits_for={"first"}),
    )
    assert meeting.ended["second"] == ("succeeded", 2.0)  # 1 + 1, not 9 + 1


async def test_cancelling_a_branch_from_outside_stops_its_work() -> None:
    meeting = Meeting(SyncPolicy(), wave(1))
    branch = asyncio.create_task(meeting.branch("a", lambda: asyncio.sleep(30)))
    await asyncio.sleep(1)
    branch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await branch
    meeting.gate.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_successes_of_earlier_rounds_count_towards_the_minimum() -> None:
    # Of the minimum of 3, two were in before: one of these two branches makes the quorum, after 1 s.
    meeting = Meeting(SyncPolicy(threshold=0.5, grace_s=0, deadline_s=60, minimum=3), wave(2, earlier=2))
    ended = await meeting.of_sleepers({"quick": 1, "slow": 30})
    assert ended == {"quick": ("succeeded", 1.0), "slow": ("cut", 1.0)}
    assert meeting.gate.released(["main"]) == Release("quorum_met")
