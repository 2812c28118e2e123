"""A host whose clock is behind does not write checkpoints that nobody would find."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration import clocks
from langgraph_quorum.orchestration.clocks import clocks_agree
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.errors import ClockError
from tests.orchestration.crews import Crew


def written(in_s: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=in_s)).isoformat()


@pytest.mark.looptime
@pytest.mark.parametrize("in_s", [None, -3600])
async def test_a_thread_that_is_new_or_was_written_in_the_past_is_taken_at_once(in_s: float | None) -> None:
    before = asyncio.get_running_loop().time()
    await clocks_agree("t", None if in_s is None else written(in_s))
    assert asyncio.get_running_loop().time() == before


@pytest.mark.looptime
async def test_a_clock_that_is_a_little_behind_is_waited_for() -> None:
    before = asyncio.get_running_loop().time()
    await clocks_agree("t", written(4))
    assert asyncio.get_running_loop().time() - before == pytest.approx(4, abs=1)


async def test_a_clock_that_is_far_behind_is_told_to_be_set() -> None:
    with pytest.raises(ClockError, match="set the clocks of all hosts"):
        await clocks_agree("t", written(3600))


async def test_a_run_is_not_resumed_from_a_host_whose_clock_is_an_hour_behind(
    pool: Pool, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start({"task": "look"}, "t")
        await crew.slow_started.wait()
        await run.stop(5)

        class Behind(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
                return datetime.now(UTC) - timedelta(hours=1)

        with monkeypatch.context() as patch:
            patch.setattr(clocks, "datetime", Behind)
            with pytest.raises(ClockError):
                await quorum.resume("t")
        crew.go.set()
        assert (await (await quorum.resume("t")).result())["status"] == "approved"
