"""Branches that do what their payload says, and a log of when each of them ran."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

from langgraph.types import interrupt

from langgraph_quorum import Branch, Specialist, SyncPolicy
from tests.graphs.running import FIXED, compiled

Item = dict[str, Any]


def item(branch_id: str, seconds: float = 1, *, of: str = "player", **fields: Any) -> Item:
    """One branch: it takes so many seconds, unless `payload` says more.

    Payload: `fail` attempts that raise a transient error, `asks` a human, `answer` the value it gives, `then` seconds
    of every later attempt.
    """
    told = {key: fields.pop(key) for key in ("fail", "asks", "answer", "then", "broken") if key in fields}
    return {"branch_id": branch_id, "specialist": of, "payload": {"s": seconds, **told}, **fields}


class Play:
    """Specialists of any type that do what the payload says; a log in seconds since the first branch of the play.

    Attributes:
        calls: Attempts by branch.
        spans: By branch, start and end of each attempt.
        inputs: By branch, what it was handed last.
    """

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.spans: dict[str, list[tuple[float, float]]] = {}
        self.inputs: dict[str, dict[str, Any]] = {}

    def player(self, name: str = "player", **settings: Any) -> Specialist:
        async def run(branch: Branch) -> Any:
            return await self._act(branch, name)

        return Specialist(name, run, **{"attempts": 1, **settings})

    async def _act(self, branch: Branch, name: str) -> Any:
        payload, loop = branch.payload, asyncio.get_running_loop()
        self.calls[branch.branch_id] += 1
        self.inputs[branch.branch_id] = branch.inputs
        answer = interrupt(f"may {branch.branch_id}?") if payload.get("asks") else payload.get("answer", name)
        again = self.calls[branch.branch_id] > 1
        started = loop.time()
        try:
            await asyncio.sleep(payload.get("then", payload["s"]) if again else payload["s"])
            if payload.get("broken"):
                raise ValueError("broken")
            if self.calls[branch.branch_id] <= payload.get("fail", 0):
                raise ConnectionError("down")
        finally:
            self.spans.setdefault(branch.branch_id, []).append((started, loop.time()))
        return answer

    def starts(self, branch_id: str) -> list[float]:
        """When its attempts began, in whole tenths of a second since the first of all branches began."""
        zero = min(begun for spans in self.spans.values() for begun, _ in spans)
        return [round(begun - zero, 1) for begun, _ in self.spans[branch_id]]

    def most_at_once(self, *branch_ids: str) -> int:
        """How many of these ran at the same time, at most."""
        spans = [span for branch_id in branch_ids for span in self.spans.get(branch_id, [])]
        return max(sum(a <= moment < b for a, b in spans) for moment, _ in spans)


async def play(
    play: Play, work: Sequence[Item], sync: SyncPolicy | Sequence[SyncPolicy], *, config: Any = None, **settings: Any
) -> dict[str, Any]:
    """What a run of these branches gives back."""
    graph = compiled(*settings.pop("crew", [play.player()]), sync=sync, **settings)
    result: dict[str, Any] = await graph.ainvoke({"task": "x", "work": list(work)}, config, context=FIXED)
    return result


def decided(result: dict[str, Any]) -> dict[tuple[str, int], str]:
    """The reason of each decision, by point and round."""
    return {(decision["point"], decision["round"]): decision["reason"] for decision in result["sync"]}


def decision_of(result: dict[str, Any], point: str, round_number: int = 0) -> dict[str, Any]:
    """One point's decision in one round."""
    (found,) = [one for one in result["sync"] if (one["point"], one["round"]) == (point, round_number)]
    return dict(found)
