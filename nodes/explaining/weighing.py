"""How each weight came about: the sum with its numbers, and what each quality rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from langgraph_quorum.nodes.explaining.explanation import WeightTold
from langgraph_quorum.nodes.explaining.trail import Trail
from langgraph_quorum.state.merged import Attribution
from langgraph_quorum.state.policies import WeightPolicy
from langgraph_quorum.state.records import BranchRecord

_CLOSE = 1e-6


def weighing_of(rows: Sequence[Attribution], trail: Trail) -> dict[str, float] | None:
    """The numbers of the weight policy, as the merger has written them down; the defaults where those fit all rows."""
    merged = trail.last("merged")
    written = merged.get("data", {}).get("weighing") if merged is not None else None
    known: dict[str, float] = asdict(WeightPolicy()) if written is None else dict(written)
    return known if all(_fits(row, known) for row in rows) else None


def _fits(row: Attribution, policy: Mapping[str, float]) -> bool:
    raw = policy["quality_share"] * row["quality"] + policy["speed_share"] * _speed(row, policy)
    return math.isclose(raw, row["raw_weight"], abs_tol=_CLOSE)


def _speed(row: Attribution, policy: Mapping[str, float]) -> float:
    return 0.0 if row["seconds"] is None else 1 / (1 + row["seconds"] / policy["halving_s"])


def weights_told(
    rows: Sequence[Attribution],
    policy: Mapping[str, float] | None,
    branches: Mapping[str, BranchRecord],
    agreed: Mapping[str, float],
) -> list[WeightTold]:
    """The weights, in the order of the rows.

    Args:
        rows: Of the merged result.
        policy: The weight policy's numbers, None where they are not known.
        branches: The records.
        agreed: By branch, its measured agreement with its peers.
    """
    total = math.fsum(row["raw_weight"] for row in rows)
    return [
        WeightTold(
            row=row,
            arithmetic="" if policy is None else _arithmetic(row, policy, total, len(rows)),
            rests_on=_rests_on(row, branches.get(row["branch_id"]), agreed.get(row["branch_id"])),
        )
        for row in rows
    ]


def _arithmetic(row: Attribution, policy: Mapping[str, float], total: float, count: int) -> str:
    quality = f"{policy['quality_share']:g} x {row['quality']:.4f}{' (assumed)' * row['quality_assumed']}"
    seconds = row["seconds"]
    speed = "0 (unknown time)" if seconds is None else f"1/(1 + {seconds:.4g}/{policy['halving_s']:g})"
    raw = f"{quality} + {policy['speed_share']:g} x {speed} = {row['raw_weight']:.4f}"
    share = row["raw_weight"] / total if total > 0 else 1 / count
    if not math.isclose(share, row["weight"], abs_tol=_CLOSE):
        return f"{raw}; the strategy gave it a weight of its own: {row['weight']:.4f}"
    if total == 0:
        return f"{raw}; all are 0 and weigh the same: 1/{count} = {row['weight']:.4f}"
    return f"{raw}; {row['raw_weight']:.4f}/{total:.4f} = {row['weight']:.4f}"


def _rests_on(row: Attribution, record: BranchRecord | None, agreed: float | None) -> list[str]:
    """What was measured, and how the quality follows from it."""
    quality = None if record is None else record["quality"]
    by_hand = ["its record was edited by hand"] if record is not None and record.get("edited") else []
    if row["quality_assumed"]:
        said = [] if quality is None else quality["evidence"]
        return [*by_hand, f"nothing was measured: {row['quality']:g} is assumed", *said]
    if quality is None:
        known = [] if agreed is None else [f"agreement with its peers {agreed:.4f}"]
        return [*by_hand, *(known or ["what was measured is not stored"])]
    told = [*by_hand, *quality["evidence"]]
    if agreed is not None:
        told.append(f"agreement with its peers {agreed:.4f}")
    return [*told, *_sum(row["quality"], quality["score"], _parts(quality), agreed)]


def _parts(quality: Mapping[str, Any]) -> dict[str, float]:
    named = {"confidence": quality["confidence"], "completeness": quality["completeness"]}
    return {name: part for name, part in named.items() if part is not None}


def _sum(counted: float, score: float | None, parts: dict[str, float], agreed: float | None) -> list[str]:
    """How the quality that counted follows from its parts; it says so only where it does."""
    if score is not None and math.isclose(score, counted, abs_tol=_CLOSE):
        return [] if agreed is None else [f"quality {counted:.4f}"]
    if agreed is None:
        return ["the branch was done again after this merge"]
    for known in (parts, {} if score is None else {"score": score}):
        values = {**known, "agreement": agreed}
        if math.isclose(fmean(values.values()), counted, abs_tol=_CLOSE):
            spelled = " + ".join(f"{name} {value:.4f}" for name, value in values.items())
            return [f"quality ({spelled})/{len(values)} = {counted:.4f}"]
    return ["the branch was done again after this merge"]
