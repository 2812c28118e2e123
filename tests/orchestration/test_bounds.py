"""Times, reasons and names that make no sense are refused by their field, and the run they are about goes on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.cancelling import cancel_thread, drain_thread
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.orchestration.watching import watch_thread
from langgraph_quorum.state.errors import ConfigurationError, ThreadNotFoundError
from langgraph_quorum.state.workflow import QuorumInput
from tests.orchestration.crews import Crew

TASK: QuorumInput = {"task": "look"}
ENDLESS = [math.nan, math.inf, -1, "5", None, True]
Call = Callable[[Orchestrator, Run, Pool, Any], Any]


async def _first(events: Any) -> Any:
    return await anext(events)


TIMES: dict[str, tuple[str, Call]] = {
    "cancel": ("wait_s", lambda quorum, run, pool, it: quorum.cancel("t1", wait_s=it)),
    "drain": ("timeout_s", lambda quorum, run, pool, it: quorum.drain("t1", timeout_s=it)),
    "drain all": ("timeout_s", lambda quorum, run, pool, it: quorum.drain(timeout_s=it)),
    "watch": ("poll_s", lambda quorum, run, pool, it: _first(quorum.watch("t1", poll_s=it))),
    "outage": ("outage_s", lambda quorum, run, pool, it: _first(watch_thread(quorum._saver, pool, "t1", outage_s=it))),
    "late": ("within_s", lambda quorum, run, pool, it: run.late(it)),
    "stop": ("timeout_s", lambda quorum, run, pool, it: run.stop(it)),
    "cancel elsewhere": ("wait_s", lambda quorum, run, pool, it: cancel_thread(pool, "t1", wait_s=it)),
    "drain elsewhere": ("wait_s", lambda quorum, run, pool, it: drain_thread(pool, "t1", wait_s=it)),
    "wait": ("wait_s", lambda quorum, run, pool, it: quorum.start(TASK, "t1", on_busy="wait", wait_s=it)),
    "lease": ("ttl_s", lambda quorum, run, pool, it: hold_lease(pool, "t2", ttl_s=it).__aenter__()),
}


async def test_a_time_without_an_end_is_refused_and_the_run_goes_on(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, "t1")
        for field, call in TIMES.values():
            for seconds in ENDLESS:
                with pytest.raises(ConfigurationError, match=f"{field}=.*give seconds from"):
                    await call(quorum, run, pool, seconds)
        wordless: Any = 5
        for cancelling in (quorum.cancel("t1", reason=wordless), cancel_thread(pool, "t1", reason=wordless)):
            with pytest.raises(ConfigurationError, match="reason=5: say it in words"):
                await cancelling
        crew.go.set()
        assert (await run.result())["status"] == "approved"


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", 5, b"t", None, ["t"]])
async def test_what_can_name_no_thread_is_not_found_and_no_condition(pool: Pool, crew: Crew, name: Any) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        for verb in (quorum.get, quorum.resume, quorum.history, quorum.delete, quorum.fork, quorum.cancel):
            with pytest.raises(ThreadNotFoundError):
                await verb(name)
        with pytest.raises(ThreadNotFoundError):
            await anext(quorum.watch(name))
        for look in (quorum.list, quorum.prune):
            for field in ("tag", "workflow"):
                if name is not None:
                    with pytest.raises(ConfigurationError, match=f"^{field}="):
                        await look(**{field: name, "older_than_s": 0})
        with pytest.raises(ConfigurationError, match=r"^workflow="):
            await Orchestrator.open(crew.workflow(), workflow=name).__aenter__()
        with pytest.raises(ConfigurationError, match=r"^thread_id="):
            await hold_lease(pool, name).__aenter__()
        crew.go.set()
        await (await quorum.start(TASK, "t1")).result()
        if name is not None:
            with pytest.raises(ConfigurationError, match=r"^checkpoint_id="):
                await quorum.fork("t1", name)
            with pytest.raises(ConfigurationError, match=r"^before="):
                await quorum.history("t1", before=name)
