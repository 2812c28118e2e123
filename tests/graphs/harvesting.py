"""Runs whose stragglers are harvested."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Specialist, SyncPolicy
from langgraph_quorum.nodes.branching.harvest import late_results, listed
from tests.graphs.running import FIXED, compiled, thread

QUORUM = SyncPolicy(threshold=0.5, grace_s=1, deadline_s=5, on_straggler="harvest")
ALL = SyncPolicy(threshold=1.0, deadline_s=5, on_straggler="harvest")


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Any:
    before = listed()
    yield
    assert listed() == before


class Run:
    """A run with a checkpointer, so that its id is known."""

    def __init__(self, *specialists: Specialist, **settings: Any) -> None:
        self.graph = compiled(*specialists, saver=InMemorySaver(), **settings)

    async def result(self, work: Any = None) -> dict[str, Any]:
        given = {"task": "x"} if work is None else {"task": "x", "work": work}
        result: dict[str, Any] = await self.graph.ainvoke(given, thread(), context=FIXED)
        return result

    async def values(self) -> dict[str, Any]:
        values: dict[str, Any] = (await self.graph.aget_state(thread())).values
        return values

    async def late(self, within_s: float) -> dict[str, Any]:
        return await late_results((await self.values())["workflow_id"], within_s)


def lines(result: dict[str, Any], event: str) -> list[dict[str, Any]]:
    return [line for line in result["timeline"] if line["event"] == event]
