"""Workflows to put into others, and work for them."""

from __future__ import annotations

from typing import Any

from langgraph_quorum import Branch, QuorumContext, Specialist, SyncPolicy, Tuning, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.state.policies import Policies
from tests.graphs.running import FIXED, PATIENT


def inner(*specialists: Specialist, sync: SyncPolicy = PATIENT, **policies: Any) -> QuorumBuilder:
    return build_workflow(specialists, sync, "merge_all", "parallel", Tuning(Policies(**policies)))


async def run(graph: Any, work: Any = None, *, context: QuorumContext = FIXED, config: Any = None) -> dict[str, Any]:
    given = {"task": "look"} if work is None else {"task": "look", "work": work}
    out: dict[str, Any] = await graph.ainvoke(given, config, context=context)
    return out


def own_work(branch: Branch) -> Any:
    """One inner branch for each specialist that the payload names, called after the outer branch."""
    names = branch.payload["names"]
    return {"task": "x", "work": [{"branch_id": f"{branch.branch_id}.{name}", "specialist": name} for name in names]}


def nests(count: int, *names: str) -> list[dict[str, Any]]:
    return [{"branch_id": f"w{n}", "specialist": "w", "payload": {"names": list(names)}} for n in range(count)]
