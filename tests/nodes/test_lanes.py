"""Branches of one bundle share a task; what one of them does to that task is not to hurt the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist
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
