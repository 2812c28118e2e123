"""Specialists that read pages, and ways to split what they have to read."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Branch, Specialist, SyncPolicy
from tests.graphs.running import FIXED, Crew, compiled, thread

SHORT = SyncPolicy(threshold=1.0, deadline_s=5)
ONCE: dict[str, Any] = {"attempts": 1}


def halves(payload: dict[str, Any]) -> list[dict[str, Any]]:
    pages = payload["pages"]
    return [{"pages": part} for part in (pages[: len(pages) // 2], pages[len(pages) // 2 :]) if part]


def singles(payload: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"pages": [page]} for page in payload["pages"]]


class Readers(Crew):
    """Specialists that take two seconds for each page."""

    def reads(self, name: str = "reader", broken: dict[str, int] | None = None, **settings: Any) -> Specialist:
        """Reads pages. A page in `broken` raises so many times."""
        left = dict(broken or {})

        async def run(branch: Branch) -> dict[str, Any]:
            self._note(branch)
            for page in branch.payload["pages"]:
                await asyncio.sleep(2)
                if left.get(page, 0):
                    left[page] -= 1
                    raise ConnectionError(page)
            return {"by": name, "pages": branch.payload["pages"], "confidence": 0.9}

        return Specialist(name, run, **settings)


def joined(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"pages": [page for result in results for page in result["pages"]], "confidence": 0.9}


def book(pages: str, **fields: Any) -> dict[str, Any]:
    return {"branch_id": "book", "specialist": "reader", "payload": {"pages": list(pages)}, **fields}


def told(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [line["data"] for line in result["timeline"] if line["event"] == "redistributed"]


async def state_of(*specialists: Specialist, work: Any = None, **settings: Any) -> dict[str, Any]:
    """Everything that a run has kept."""
    graph = compiled(*specialists, saver=InMemorySaver(), **settings)
    given = {"task": "x"} if work is None else {"task": "x", "work": work}
    await graph.ainvoke(given, thread(), context=FIXED)
    values: dict[str, Any] = (await graph.aget_state(thread())).values
    return values
