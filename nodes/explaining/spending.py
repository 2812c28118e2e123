"""What a run took, and what its result does not hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from langgraph_quorum.nodes.explaining.explanation import Spent, SpentTold
from langgraph_quorum.nodes.explaining.trail import Trail, cause
from langgraph_quorum.state.merged import Discarded
from langgraph_quorum.state.records import BranchRecord


def spent_told(state: Mapping[str, Any], trail: Trail) -> Spent | None:
    """What the run took; None before anything was sent out."""
    branches: Mapping[str, BranchRecord] = state.get("branches") or {}
    if not branches:
        return None
    load = state.get("load") or _at_the_end(trail)
    by_name: dict[str, list[BranchRecord]] = {}
    for record in branches.values():
        by_name.setdefault(record["specialist"], []).append(record)
    costs = [record["cost"] or 0.0 for record in branches.values()]
    return Spent(
        # The fan-out that is under way is counted once it ends.
        attempts=max(load.get("attempts", 0), sum(record["attempts"] for record in branches.values())),
        seconds=load.get("seconds", 0.0),
        cost=max(load.get("cost", 0.0), math.fsum(costs)),
        measuring=math.fsum(_measuring(record) for record in branches.values()),
        rounds=load.get("rounds", 0),
        specialists=[_of_one(name, by_name[name]) for name in sorted(by_name)],
    )


def _at_the_end(trail: Trail) -> Mapping[str, Any]:
    """What the run took as it was written down when it ended, for an outcome; {} before."""
    line = trail.last("ended")
    return {} if line is None else line.get("data", {})


def _measuring(record: BranchRecord) -> float:
    return 0.0 if record["quality"] is None else record["quality"].get("cost", 0.0)


def _of_one(name: str, records: Iterable[BranchRecord]) -> SpentTold:
    its = list(records)
    costs = [record["cost"] for record in its if record["cost"] is not None]
    return SpentTold(
        specialist=name,
        branches=len(its),
        succeeded=sum([record["status"] == "succeeded" for record in its]),
        attempts=sum([record["attempts"] for record in its]),
        seconds=math.fsum([record["seconds"] for record in its]),
        waited_s=math.fsum([max(0.0, record["waited_s"]) for record in its]),  # below 0: begun before the fan-out
        cost=math.fsum(costs) if costs else None,
    )


def left_out(state: Mapping[str, Any], discarded: Iterable[Discarded]) -> list[Discarded]:
    """Branches without a result, branches that were not created, and what the merge has left out."""
    branches: Mapping[str, BranchRecord] = state.get("branches") or {}
    names = dict.fromkeys([*(item["branch_id"] for item in state.get("queue") or []), *branches])
    told = [
        Discarded(branch_id=name, field="", why=_why(branches.get(name)))
        for name in names
        if name not in branches or branches[name]["status"] != "succeeded"
    ]
    refused: Mapping[str, str] = (state.get("growth") or {}).get("refused", {})
    told += [Discarded(branch_id=name, field="", why=f"not created: {why}") for name, why in refused.items()]
    return [*told, *discarded]


def _why(record: BranchRecord | None) -> str:
    if record is None:
        return "it has not ended"
    status, why = "excused" if record["excused"] else record["status"], cause(record["reason"], record["error"])
    return f"{status}: {why}" if why else status
