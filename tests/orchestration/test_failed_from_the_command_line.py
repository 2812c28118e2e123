"""A run that its graph failed goes on from the command line; one that ended with the verdict `failed` does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.cli import continuing
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.orchestration.run import Run
from tests.orchestration.graphs_of_ones_own import Flaky


class _Follower:
    """Waits for the run, and keeps what was noted."""

    dsn_given = False

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.progress = self

    def note(self, line: str) -> None:
        self.notes.append(line)

    async def follow(self, run: Run, _board: object) -> dict[str, Any]:
        return await run.result()


async def test_a_run_that_its_graph_failed_goes_on(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    flaky = Flaky(ValueError("boom"))

    @asynccontextmanager
    async def analyses(*_: object) -> AsyncIterator[Orchestrator]:
        async with Orchestrator.on(flaky.graph(), pool) as quorum:
            yield quorum

    monkeypatch.setattr(continuing, "analyses", analyses)
    monkeypatch.setattr(continuing, "settings_of", lambda stored: stored)
    async with analyses() as quorum:
        with pytest.raises(ValueError, match="boom"):
            await (await quorum.start({}, "t1")).result()
    flaky.error, follower = None, _Follower()
    out = await continuing.continue_run(pool, await get_run(pool, "t1"), follower)  # type: ignore[arg-type]
    assert (out["status"], out["steps"]) == ("approved", ["worked"])
    again = await continuing.continue_run(pool, await get_run(pool, "t1"), follower)  # type: ignore[arg-type]
    assert again == out
    assert [note.partition("thread t1 ")[2][:12] for note in follower.notes] == ["goes on: 0 f", "has finished"]
