"""A connection that breaks while a large text is put or read costs no branch: it is done again."""

from __future__ import annotations

import asyncio
import os

import pytest

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, WorkItem, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.orchestration.persistence.saving.exchange import LARGE_BYTES
from langgraph_quorum.state.artifacts import is_reference
from tests.outages.proxy import Cut, Trap, proxied

LARGE = os.urandom(100_000).hex()
WORK: list[WorkItem] = [
    {"specialist": "first"},
    {"branch_id": "turned", "specialist": "turns", "payload": {"text": LARGE}, "depends_on": ["first"]},
]


class Turning:
    """A workflow whose second branch is handed a large text, and gives another one."""

    def __init__(self, *, times: int = 1) -> None:
        self.go = asyncio.Event()
        self._times = times

    async def first(self, branch: Branch) -> dict[str, object]:
        await self.go.wait()
        return {"confidence": 0.9}

    async def turns(self, branch: Branch) -> dict[str, object]:
        return {"text": branch.payload["text"][::-1] * self._times, "confidence": 0.9}

    def workflow(self) -> QuorumBuilder:
        crowd = [Specialist("first", self.first), Specialist("turns", self.turns)]
        return build_workflow(crowd, SyncPolicy(threshold=1.0), "merge_all", "parallel")


@pytest.mark.parametrize("cut", ["half", "answer"])
@pytest.mark.parametrize(
    ("marker", "times"),
    [(b"AS referred", 1), (b"put_at = clock_timestamp()", 1), (b"artifacts (hash", 1), (b"artifacts (hash", 26)],
    ids=["reading", "looking whether it is there", "putting", "putting what is sent from a thread"],
)
async def test_a_branch_outlives_a_connection_that_breaks_under_its_text(
    database: str, marker: bytes, times: int, cut: Cut
) -> None:
    turning = Turning(times=times)
    assert (len(LARGE) * times >= LARGE_BYTES) == (times > 1)
    async with Orchestrator.open(turning.workflow(), database) as quorum:
        run = await quorum.start({"task": "turn", "work": WORK}, "t")
    assert run.stopped  # whoever goes on has to read the text
    async with proxied(database) as proxy, Orchestrator.open(turning.workflow(), proxy.dsn) as quorum:
        run = await quorum.resume("t")
        trap = proxy.trap = Trap(marker, cut)
        turning.go.set()
        outcome = await run.result()
        kept = outcome["branches"]["turned"]["result"]["text"]
        assert (outcome["status"], trap.sprung.is_set(), is_reference(kept)) == ("approved", True, True)
        assert (await quorum.artifact(kept)).decode() == LARGE[::-1] * times
