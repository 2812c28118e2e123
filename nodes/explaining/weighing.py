"""How each weight came about: the sum with its numbers, and what each quality rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from langgraph_quorum.nodes.explaining.explanation import WeightTold
from langgraph_quorum.nodes.explaining.own_weights import CLOSE, has_own, own_in_words
from langgraph_quorum.nodes.explaining.trail import Trail
from langgraph_quorum.state.merged import Attribution, Merged
from langgraph_quorum.state.policies import WeightPolicy
from langgraph_quorum.state.records import BranchRecord

_UNKNOWN = "how its quality follows from these is not stored"


def weighing_of(rows: Sequence[Attribution], trail: Trail) -> dict[str, float] | None:
    """The numbers of the weight policy, as the merger has written them down; the defaults where those fit all rows."""
    merged = trail.last("merged")
    written = merged.get("data", {}).get("weighing") if merged is not None else None
    known: dict[str, float] = asdict(WeightPolicy()) if written is None else dict(written)
    return known if all(_fits(row, known) for row in rows) else None


def _fits(row: Attribution, policy: Mapping[str, float]) -> bool:
    raw = policy["quality_share"] * row["quality"] + policy["speed_share"] * _speed(row, policy)
    return math.isclose(raw, row["raw_weight"], abs_tol=CLOSE)


def _speed(row: Attribution, policy: Mapping[str, float]) -> float:
    return 0.0 if row["seconds"] is None else 1 / (1 + row["seconds"] / policy["halving_s"])


def weights_told(
    rows: Sequence[Attribution],
    policy: Mapping[str, float] | None,
    branches: Mapping[str, BranchRecord],
    merged: Merged | None,
    trail: Trail,
) -> list[WeightTold]:
    """The weights, in the order of the rows.

    Args:
        rows: Of the merged result.
        policy: The weight policy's numbers, None where they are not known.
        branches: The records.
        merged: The merged result, None where it is not stored: an outcome has its rows alone.
        trail: Says in which round that was made.
    """
    agreed = {} if merged is None else merged["metadata"].get("consistency", {})
    line = None if merged is None else trail.last("merged")
    since = math.inf if line is None else trail.round_of(line)
    unknown = _UNKNOWN if merged is not None else f"{_UNKNOWN} in the outcome"
    total, own = math.fsum(row["raw_weight"] for row in rows), has_own(rows)

    def arithmetic(row: Attribution) -> str:
        if policy is None:
            return ""
        raw = _raw(row, policy)
        return own_in_words(row, merged, raw, len(rows)) if own else f"{raw}; {_share(row, total, len(rows))}"

    return [
        WeightTold(
            row=row,
            arithmetic=arithmetic(row),
            rests_on=_rests_on(row, branches.get(row["branch_id"]), agreed.get(row["branch_id"]), since, unknown),
        )
        for row in rows
    ]


def _raw(row: Attribution, policy: Mapping[str, float]) -> str:
    quality = f"{policy['quality_share']:g} x {row['quality']:.4f}{' (assumed)' * row['quality_assumed']}"
    seconds = row["seconds"]
    speed = "0 (unknown time)" if seconds is None else f"1/(1 + {seconds:.4g}/{policy['halving_s']:g})"
    return f"{quality} + {policy['speed_share']:g} x {speed} = {row['raw_weight']:.4f}"


def _share(row: Attribution, total: float, count: int) -> str:
    if total == 0:
        return f"all are 0 and weigh the same: 1/{count} = {row['weight']:.4f}"
    return f"{row['raw_weight']:.4f}/{total:.4f} = {row['weight']:.4f}"


def _rests_on(
    row: Attribution, record: BranchRecord | None, agreed: float | None, since: float, unknown: str
) -> list[str]:
    """What was measured, and how the quality follows from it."""
    quality = None if record is None else record["quality"]
    by_hand = ["its record was edited by hand"] if record is not None and record.get("edited") else []
    if row["quality_assumed"]:
        said = [] if quality is None else quality["evidence"]
        return [*by_hand, f"nothing was measured: {row['quality']:g} is assumed", *said]
    if record is None or quality is None:
        known = [] if agreed is None else [f"agreement with its peers {agreed:.4f}"]
        return [*by_hand, *(known or ["what was measured is not stored"])]
    told = [*by_hand, *quality["evidence"]]
    if agreed is not None:
        told.append(f"agreement with its peers {agreed:.4f}")
    follows = _sum(row["quality"], quality["score"], _parts(quality), agreed)
    if follows is None:
        follows = "the branch was done again after this merge" if record["round"] > since else unknown
    return [*told, follows] if follows else told


def _parts(quality: Mapping[str, Any]) -> dict[str, float]:
    named = {"confidence": quality["confidence"], "completeness": quality["completeness"]}
    return {name: part for name, part in named.items() if part is not None}


def _sum(counted: float, score: float | None, parts: dict[str, float], agreed: float | None) -> str | None:
    """How the quality that counted follows from its parts; "" where that is plain, None where it does not."""
    if score is not None and math.isclose(score, counted, abs_tol=CLOSE):
        return "" if agreed is None else f"quality {counted:.4f}"
    if agreed is None:
        return None
    for known in (parts, {} if score is None else {"score": score}):
        values = {**known, "agreement": agreed}
        if math.isclose(fmean(values.values()), counted, abs_tol=CLOSE):
            spelled = " + ".join(f"{name} {value:.4f}" for name, value in values.items())
            return f"quality ({spelled})/{len(values)} = {counted:.4f}"
    return None
