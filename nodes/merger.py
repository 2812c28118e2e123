"""The merger: weighs the results and makes one of them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache, partial
from statistics import fmean
from typing import Any

from langchain_core.embeddings import Embeddings
from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime

from langgraph_quorum.nodes.artifacts.shelf import shelf_of
from langgraph_quorum.nodes.branching.failure import message_of
from langgraph_quorum.nodes.journal import entry, some, task_of
from langgraph_quorum.nodes.merging.merge import amerge_gathered, nothing_merged
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Strategy, StrategyName, strategy_named
from langgraph_quorum.nodes.scoring.consistency import consistencies
from langgraph_quorum.nodes.scoring.semantic import aconsistencies
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.merged import Merged
from langgraph_quorum.state.policies import WeightPolicy
from langgraph_quorum.state.records import BranchRecord, Quality
from langgraph_quorum.state.workflow import QuorumContext, QuorumState

FALLBACKS: tuple[StrategyName, ...] = ("weighted", "merge_all")
"""What merges where another strategy fails, and where that fails as well."""


def merger_node(
    specialists: Mapping[str, Specialist],
    strategy: str | Strategy,
    policy: WeightPolicy,
    embeddings: Embeddings | None = None,
) -> RuntimeNode:
    """The merger of one workflow; a run's context may name another strategy.

    With embeddings, results are compared by meaning, too.
    """
    types = {name: specialist.type for name, specialist in specialists.items()}

    async def merger(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        shelf = shelf_of(runtime.context)
        whole = state if shelf is None else {**state, "branches": await shelf.branches_back(state["branches"])}
        meant = None
        if embeddings is not None:
            compared, _, _ = await asyncio.to_thread(gathered, whole, types, {})
            meant = await aconsistencies(compared, embeddings)
        measured = None if meant is None else meant.scores
        gather = cache(partial(gathered, whole, types, measured))
        chosen = QuorumContext.of(runtime.context).merge or strategy
        merged = await _merged(lambda: gather()[:2], chosen, policy, task_of(state))
        results, failed, agreed = gather()
        if agreed:
            merged["metadata"] = {**merged["metadata"], "consistency": agreed}
        if meant is not None and meant.evidence:
            merged["metadata"] = {**merged["metadata"], "consistency_evidence": meant.evidence}
        low, high = merged["confidence_interval"]
        why = f"{merged['strategy']}: quality {merged['quality']:.2f} [{low:.2f}, {high:.2f}]"
        if "fallback" in merged["metadata"]:
            why = f"{merged['metadata']['fallback']['why']}; {why}"
        data = {
            "sources": merged["sources_count"],
            "failed": some(failed),
            "success_rate": merged["success_rate"],
            "weighing": asdict(policy),
            "types": {one.specialist: one.type for one in results if one.type},
        }
        return {
            **_paid(state, merged),
            "merged": merged if shelf is None else await shelf.away(merged),
            "merged_round": state["round"],
            "timeline": [entry(state, "merger", "merged", why, **data)],
        }

    return merger


def _paid(state: QuorumState, merged: Merged) -> dict[str, Any]:
    """What a model that merges has cost, on top of what the branches did."""
    usage = merged["metadata"].get("usage")
    cost = usage.get("cost") if isinstance(usage, Mapping) else None
    return {"load": {**state["load"], "cost": state["load"]["cost"] + cost}} if cost else {}


async def _merged(
    gather: Callable[[], tuple[Sequence[Scored], Sequence[str]]],
    strategy: str | Strategy,
    policy: WeightPolicy,
    task: str,
) -> Merged:
    """The results made one. A strategy that fails must not cost them: another takes its place, and it is said why.

    Where none can merge them there is no data, and the branches keep what they have.
    """
    name, _ = strategy_named(strategy)
    tried: list[str] = []
    for place, one in enumerate([strategy, *(other for other in FALLBACKS if other != strategy)]):
        try:
            merged = await amerge_gathered(gather, one, policy, task=task)
        except GraphBubbleUp:
            raise
        except Exception as error:  # noqa: BLE001  a merge that fails must not cost the results
            asked = name if not place else one
            tried.append(f"the strategy {asked!r} failed ({type(error).__name__}: {message_of(error)})")
        else:
            return _instead(merged, name, f"{' and '.join(tried)}, {one!r} took its place") if tried else merged
    results, failed = gather()
    without = sorted({*failed, *(result.branch_id for result in results)})
    nothing = nothing_merged(name, without)
    return _instead(nothing, name, f"{' and '.join(tried)}: nothing is merged, the branches keep their results")


def _instead(merged: Merged, name: str, why: str) -> Merged:
    """What was merged in place of what was asked for, saying so."""
    fallback = {"strategy": name, "why": why}
    metadata = {**merged["metadata"], "fallback": fallback}
    return {**merged, "metadata": metadata, "review": [why, *merged["review"]]}


def gathered(
    state: QuorumState, types: Mapping[str, str], agreed: Mapping[str, float] | None = None
) -> tuple[list[Scored], list[str], Mapping[str, float]]:
    """What a merge of this state takes.

    Args:
        state: With all results in place.
        types: Of the specialists, by name; one that is not named has none.
        agreed: By branch the agreement with its peers, 0..1; measured here when left out.

    Returns:
        The results, with their agreement in their quality; the branches without one; and by branch the agreement with
        its peers.
    """
    branches = state["branches"]
    joined = _pieces_of_joined(state)
    succeeded = [
        record for branch_id, record in branches.items() if record["status"] == "succeeded" and branch_id not in joined
    ]
    settled = {
        branch_id for branch_id, record in branches.items() if record["status"] == "succeeded" or record["excused"]
    }
    failed = [branch_id for item in state["queue"] if (branch_id := item["branch_id"]) not in settled]
    results = [_scored(record, types.get(record["specialist"], "")) for record in succeeded]
    if agreed is None:
        agreed = consistencies(results)
    if agreed:
        results = [_with_consistency(result, branches, agreed) for result in results]
    return results, failed, agreed


def _pieces_of_joined(state: QuorumState) -> set[str]:
    """Branches whose results are part of another branch's result."""
    pieces = {item["branch_id"]: item["part_of"] for item in state["queue"] if "part_of" in item}
    branches = state["branches"]
    return {
        piece
        for piece, whole in pieces.items()
        if (record := branches.get(whole)) is not None and record["status"] == "succeeded"
    }


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
        record["started_at"],
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
