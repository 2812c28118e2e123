"""Writers whose results have faults, and a check that counts them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Answer, Branch, Specialist
from langgraph_quorum.nodes.checking.check import Checked, finding
from langgraph_quorum.state.merged import CheckFinding
from tests.graphs.running import FIXED, Crew, compiled, thread


class Writers(Crew):
    """Specialists that answer with one value after the other; the last one stays."""

    def writes(self, name: str, *values: Any, cost: float | None = None, **settings: Any) -> Specialist:
        async def run(branch: Branch) -> Any:
            self._note(branch)
            await asyncio.sleep(1)
            value = values[min(self.calls[branch.branch_id], len(values)) - 1]
            return Answer(value, cost=cost)

        return Specialist(name, run, **settings)


def faults(*, count: int) -> dict[str, Any]:
    """A result with so many faults, of a quality that says nothing about them."""
    return {"faults": count, "confidence": 0.9}


async def counts_faults(checked: Checked) -> list[CheckFinding]:
    """As many findings as each result in the merged value says that it has faults."""
    return [
        finding("counts_faults", f"fault {number} of {name}", branches=[name])
        for name, result in checked.value.items()
        for number in range(result["faults"])
    ]


async def state_of(*specialists: Specialist, **settings: Any) -> dict[str, Any]:
    """Everything that a run has kept."""
    graph = compiled(*specialists, saver=InMemorySaver(), **settings)
    await graph.ainvoke({"task": "look"}, thread(), context=FIXED)
    values: dict[str, Any] = (await graph.aget_state(thread())).values
    return values


def lines(state: Mapping[str, Any], event: str) -> list[str]:
    return [line["why"] for line in state["timeline"] if line["event"] == event]
