"""The merger: weighs the results and makes one of them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from langgraph.runtime import Runtime

from langgraph_quorum.nodes.artifacts.shelf import shelf_of
from langgraph_quorum.nodes.journal import entry, some
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Strategy
from langgraph_quorum.nodes.scoring.consistency import consistencies
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.policies import WeightPolicy
from langgraph_quorum.state.records import BranchRecord, Quality, WorkItem
from langgraph_quorum.state.workflow import QuorumContext, QuorumState


def merger_node(specialists: Mapping[str, Specialist], strategy: str | Strategy, policy: WeightPolicy) -> RuntimeNode:
    """The merger of one workflow."""

    async def merger(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        shelf = shelf_of(runtime.context)
        if shelf is None:
            return await asyncio.to_thread(merged_of, state)
        written = await asyncio.to_thread(
            merged_of, {**state, "branches": await shelf.branches_back(state["branches"])}
        )
        return {**written, "merged": await shelf.away(written["merged"])}

    def merged_of(state: QuorumState) -> dict[str, Any]:
        branches = state["branches"]
        joined = _pieces_of_joined(state)
        succeeded = [
            record
            for branch_id, record in branches.items()
            if record["status"] == "succeeded" and branch_id not in joined
        ]
        failed = [item["branch_id"] for item in state["queue"] if _is_missing(item, branches)]
        results = [_scored(record, specialists[record["specialist"]].type) for record in succeeded]
        agreed = consistencies(results)
        if agreed:
            results = [_with_consistency(result, branches, agreed) for result in results]
        merged = merge(results, strategy, policy, failed)
        if agreed:
            merged["metadata"] = {**merged["metadata"], "consistency": agreed}
        low, high = merged["confidence_interval"]
        why = f"{merged['strategy']}: quality {merged['quality']:.2f} [{low:.2f}, {high:.2f}]"
        data = {"sources": merged["sources_count"], "failed": some(failed), "success_rate": merged["success_rate"]}
        return {
            "merged": merged,
            "merged_round": state["round"],
            "timeline": [entry(state, "merger", "merged", why, **data)],
        }

    return merger


def _pieces_of_joined(state: QuorumState) -> set[str]:
    """Branches whose results are part of another branch's result."""
    pieces = {item["branch_id"]: item["part_of"] for item in state["queue"] if "part_of" in item}
    branches = state["branches"]
    return {
        piece
        for piece, whole in pieces.items()
        if (record := branches.get(whole)) is not None and record["status"] == "succeeded"
    }


def _is_missing(item: WorkItem, branches: Mapping[str, BranchRecord]) -> bool:
    record = branches.get(item["branch_id"])
    return record is None or (record["status"] != "succeeded" and not record["excused"])


def _scored(record: BranchRecord, kind: str) -> Scored:
    quality = record["quality"]
    return Scored(
        record["branch_id"],
        record["specialist"],
        record["result"],
        None if quality is None else quality["score"],
        record["seconds"],
        record["group"],
        kind,
    )


def _with_consistency(result: Scored, branches: Mapping[str, BranchRecord], agreed: Mapping[str, float]) -> Scored:
    """The result with its agreement with others as one more part of its quality."""
    if result.branch_id not in agreed:
        return result
    quality: Quality | None = branches[result.branch_id]["quality"]
    parts = [] if quality is None else [quality["confidence"], quality["completeness"]]
    known = [part for part in parts if part is not None]
    if result.quality is not None and not (known and math.isclose(fmean(known), result.quality)):
        known = [result.quality]  # a score of the user's own making stands for its parts
    known.append(agreed[result.branch_id])
    return result._replace(quality=sum(known) / len(known))
