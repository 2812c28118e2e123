"""What stragglers give after the end of a run that an orchestrator drives."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.nodes.branching.harvest import listed
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.workflow import QuorumInput

HARVEST = SyncPolicy(threshold=0.5, grace_s=0, deadline_s=30, on_straggler="harvest")
TASK: QuorumInput = {"task": "look"}


class Slowly:
    """A quick specialist, and a slow one that answers once `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.begun = asyncio.Event()

    async def quick(self, branch: Branch) -> dict[str, Any]:
        await self.begun.wait()
        return {"confidence": 0.9}

    async def slow(self, branch: Branch) -> str:
        self.begun.set()
        await self.go.wait()
        return "late"

    def workflow(self, sync: SyncPolicy = HARVEST) -> Any:
        crowd = [Specialist("slow", self.slow), Specialist("quick", self.quick)]
        return build_workflow(crowd, sync, "merge_all", "parallel")


async def test_a_late_result_is_had_from_the_run(pool: Pool) -> None:
    before = listed()
    crew = Slowly()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t")
        outcome = await run.result()
        assert (outcome["status"], outcome["pending"]) == ("approved", ["slow"])
        assert await run.late(within_s=0) == {}
        crew.go.set()
        late = await run.late(within_s=30)
        assert (late["slow"]["result"], late["slow"]["late"]) == ("late", True)
        assert await run.late(within_s=0) == {}
        kept = await quorum.get("t")
    assert (kept["branches"]["slow"]["status"], kept["pending"]) == ("cut", ["slow"])  # the outcome stays as it was
    assert listed() == before


async def test_while_the_run_goes_on_nothing_is_late(pool: Pool) -> None:
    crew = Slowly()
    policy = SyncPolicy(threshold=1.0, deadline_s=30, on_straggler="harvest")
    async with Orchestrator.on(crew.workflow(policy), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t")
        await asyncio.wait_for(crew.begun.wait(), 10)
        assert await run.late(within_s=0.01) == {}
        crew.go.set()
        assert (await run.result())["pending"] == []
        assert await run.late(within_s=1) == {}


async def test_a_finished_thread_that_is_taken_up_again_still_gives_its_late_results(pool: Pool) -> None:
    crew = Slowly()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await (await quorum.start(TASK, thread_id="t")).result()
        crew.go.set()
        again = await quorum.resume("t")
        assert list(await again.late(within_s=30)) == ["slow"]


async def test_a_run_that_could_not_be_done_has_nothing_late(pool: Pool) -> None:
    async with Orchestrator.on(Slowly().workflow(), pool) as quorum:
        run = await quorum.start({**TASK, "work": [{"specialist": "nobody"}]}, thread_id="t")
        assert await run.late(within_s=30) == {}
