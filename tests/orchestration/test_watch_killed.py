"""A run that another process drives, and does not live to end: the watcher is told the truth."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.events import BranchEnded, RunEnded, RunEvent
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.errors import ThreadNotFoundError
from tests.orchestration.crews import Crew
from tests.orchestration.watchers import branches, kinds, until, watching

STARTS_WITHIN_S = 60.0


@pytest.fixture
def driver(database: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "tests.orchestration.driven", database, "t1"])
    yield process
    process.kill()
    process.wait()


async def _driven(pool: Pool) -> None:
    async with asyncio.timeout(STARTS_WITHIN_S):
        while True:
            try:
                await until(watching(pool, "t1"), lambda event: isinstance(event, BranchEnded))
            except ThreadNotFoundError:
                await asyncio.sleep(0.1)
            else:
                return


async def test_a_watcher_ends_with_the_truth_when_the_driver_is_killed(
    database: str, driver: subprocess.Popen[bytes]
) -> None:
    async with open_database(database) as pool, asyncio.timeout(STARTS_WITHIN_S):
        await _driven(pool)
        events = watching(pool, "t1")
        seen: list[RunEvent] = []
        while set(branches(seen)) != {"one", "two"}:
            seen += await until(events, lambda event: isinstance(event, BranchEnded))
        assert driver.poll() is None
        driver.kill()  # -9: nothing of it can say anything
        driver.wait()
        seen += [event async for event in events]
        crew = Crew()
        crew.go.set()
        async with Orchestrator.on(crew.workflow(), pool, "elsewhere") as quorum:
            run = await quorum.resume("t1")
            resumed = [event async for event in watching(pool, "t1")]
            await run.result()

    assert isinstance(seen[-1], RunEnded)
    assert seen[-1].status == "interrupted"
    assert kinds(seen).count("branch_ended") == 2
    assert branches(resumed) == {"one": "succeeded", "two": "succeeded", "slow": "succeeded"}
    assert kinds(resumed).count("branch_ended") == 3
    assert resumed[-1].as_dict()["status"] == "approved"
