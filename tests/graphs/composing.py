"""Composed work in short, and specialists that map and reduce numbers."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.state.records import WorkItem
from tests.graphs.running import Crew, run


def ids(work: list[WorkItem]) -> list[str]:
    return [item["branch_id"] for item in work]


def waits(work: list[WorkItem]) -> dict[str, list[str]]:
    return {item["branch_id"]: item.get("depends_on", []) for item in work}


async def composed(*specialists: Specialist, work: list[WorkItem], **settings: Any) -> dict[str, Any]:
    given: Any = work
    return await run(*specialists, work=given, **settings)


class Counting(Crew):
    """A mapper that takes as long as its payload says, and a reducer that sums."""

    def mapper(self, **settings: Any) -> Specialist:
        async def counts(branch: Branch) -> dict[str, int]:
            self._note(branch)
            await asyncio.sleep(branch.payload.get("takes_s", 1))
            return {"sum": branch.payload["n"]}

        return Specialist("mapper", counts, **settings)

    def reducer(self, point: str = "") -> Specialist:
        async def sums(branch: Branch) -> dict[str, int]:
            self._note(branch)
            results = branch.inputs[point] if point else branch.inputs
            return {"sum": sum(result["sum"] for result in results.values())}

        return Specialist("reducer", sums)
