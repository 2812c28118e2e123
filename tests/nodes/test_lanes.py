"""Branches of one bundle share a task; what one of them does to that task is not to hurt the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist, SyncPolicy
from tests.graphs.running import run, statuses

pytestmark = pytest.mark.looptime


@pytest.mark.parametrize("raises", [False, True])
async def test_a_branch_that_cancels_its_task_without_waiting_stops_no_other(raises: bool) -> None:
    async def work(branch: Branch) -> dict[str, Any]:
        if branch.branch_id == "quits":
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            if raises:
                raise asyncio.CancelledError
        elif branch.branch_id == "waits":
            await asyncio.sleep(1)
        return {"by": branch.branch_id}

    items = [{"branch_id": name, "specialist": "s"} for name in ("first", "quits", "waits", "last")]
    result = await run(Specialist("s", work, attempts=1), work=items, bundle=4)
    ended = statuses(result)
    assert ended.pop("quits") == ("failed" if raises else "succeeded")
    assert ended == {"first": "succeeded", "last": "succeeded", "waits": "succeeded"}


async def test_a_branch_that_waits_and_gives_up_its_own_task_fails_alone() -> None:
    async def work(branch: Branch) -> dict[str, Any]:
        await asyncio.sleep(1)
        if branch.branch_id == "quits":
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(1)
        return {"by": branch.branch_id}

    items = [{"branch_id": name, "specialist": "s"} for name in ("first", "quits", "last")]
    result = await run(Specialist("s", work, attempts=1), work=items, bundle=3)
    assert statuses(result) == {"first": "succeeded", "quits": "failed", "last": "succeeded"}
    assert "cancelled its own task" in result["branches"]["quits"]["reason"]


async def test_a_branch_that_waits_is_tried_again_after_its_timeout_beside_the_others() -> None:
    calls: list[str] = []

    async def work(branch: Branch) -> dict[str, Any]:
        calls.append(branch.branch_id)
        await asyncio.sleep(100 if branch.branch_id == "slow" and branch.attempt == 1 else 1)
        return {"attempt": branch.attempt}

    items = [{"branch_id": name, "specialist": "s"} for name in ("quick", "slow", "other")]
    specialist = Specialist("s", work, attempts=2, timeout_s=5, backoff_s=1)
    result = await run(specialist, work=items, bundle=3)
    assert statuses(result) == dict.fromkeys(("quick", "slow", "other"), "succeeded")
    assert result["branches"]["slow"]["result"] == {"attempt": 2}
    assert sorted(calls) == ["other", "quick", "slow", "slow"]


async def test_branches_that_wait_are_cut_together_when_their_sync_point_releases() -> None:
    stopped: list[str] = []

    async def work(branch: Branch) -> dict[str, Any]:
        try:
            await asyncio.sleep(0 if branch.branch_id.startswith("quick") else 100)
        except asyncio.CancelledError:
            stopped.append(branch.branch_id)
            raise
        return {"by": branch.branch_id}

    names = ["slow-1", "quick-1", "slow-2", "quick-2"]
    items = [{"branch_id": name, "specialist": "s"} for name in names]
    sync = SyncPolicy(threshold=0.5, grace_s=3)
    result = await run(Specialist("s", work, attempts=1, timeout_s=1000), work=items, bundle=4, sync=sync)
    assert statuses(result) == {name: "cut" if name.startswith("slow") else "succeeded" for name in names}
    assert sorted(stopped) == ["slow-1", "slow-2"]
    assert result["sync"][0]["reason"] == "grace_expired"


async def test_an_answer_that_is_still_being_scored_at_the_release_is_kept_without_its_score() -> None:
    async def work(branch: Branch) -> dict[str, Any]:
        return {"by": branch.branch_id}

    async def scored(branch: Branch, _result: Any) -> None:
        await asyncio.sleep(100 if branch.branch_id == "late" else 0)

    items = [{"branch_id": name, "specialist": "s"} for name in ("late", "one", "two")]
    sync = SyncPolicy(threshold=0.6, grace_s=1)
    result = await run(Specialist("s", work), work=items, bundle=3, sync=sync, scorer=scored)
    late = result["branches"]["late"]
    assert (late["status"], late["result"], late["quality"]) == ("succeeded", {"by": "late"}, None)
    assert late["reason"] == "its score came too late"


async def test_a_run_that_is_cancelled_stops_all_branches_of_a_bundle_that_wait() -> None:
    begun: set[str] = set()
    stopped: set[str] = set()

    async def work(branch: Branch) -> None:
        begun.add(branch.branch_id)
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            stopped.add(branch.branch_id)
            raise

    items = [{"branch_id": str(number), "specialist": "s"} for number in range(5)]
    running = asyncio.create_task(run(Specialist("s", work), work=items, bundle=5))
    await asyncio.sleep(10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert begun == stopped == set(map(str, range(5)))
