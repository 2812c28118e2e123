"""Weights that a strategy has given itself, in place of those that the weight policy says: in words, with numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum.state.merged import Attribution, Merged

CLOSE = 1e-6
"""How far apart two numbers may be that are the same but for rounding."""


def has_own(rows: Sequence[Attribution | Mapping[str, Any]]) -> bool:
    """Whether any weight is another than its raw weight's share of all."""
    total = math.fsum(row["raw_weight"] for row in rows)
    by_policy = [row["raw_weight"] / total if total > 0 else 1 / len(rows) for row in rows]
    return any(not math.isclose(one, row["weight"], abs_tol=CLOSE) for one, row in zip(by_policy, rows, strict=True))


def own_in_words(row: Attribution, merged: Merged | None, raw: str, count: int) -> str:
    """How a weight of the strategy's own came about, as far as what is stored says.

    Args:
        row: The branch's.
        merged: The merged result; None where it is not stored.
        raw: How its raw weight came about.
        count: Of the rows.
    """
    metadata = {} if merged is None else merged["metadata"]
    strategy = "" if merged is None else merged["strategy"]
    if strategy == "consensus" and metadata.get("method") == "majority":
        return f"one vote each: 1/{count} = {row['weight']:.4f}"
    if strategy == "consensus" and metadata.get("method") == "log_odds":
        return f"its vote, by log-odds of {_chance(row, metadata)}, is {row['weight']:.4f} of all votes"
    within = _within_type(row, metadata) if strategy == "hierarchical" else ""
    own = within or f"the strategy gave it a weight of its own: {row['weight']:.4f}"
    return f"{raw}; {own}"


def _chance(row: Attribution, metadata: Mapping[str, Any]) -> str:
    """What the vote took for the branch's chance to be right. Which of two it took is not stored."""
    measured = "0.5, nothing being measured" if row["quality_assumed"] else f"its quality {row['quality']:.4f}"
    recorded = (metadata.get("reliability") or {}).get(row["specialist"])
    if recorded is None:
        return measured
    on_record = f"its specialist's accuracy on record {recorded:.4f}"
    return on_record if row["quality_assumed"] else f"{on_record}, or of {measured} where that counts first"


def _within_type(row: Attribution, metadata: Mapping[str, Any]) -> str:
    """`type law weighs 0.6000 x 0.5000 within the type = 0.3000`; "" where the shares are not stored or do not fit."""
    for kind, told in (metadata.get("types") or {}).items():
        share = (told.get("shares") or {}).get(row["branch_id"])
        if share is not None and math.isclose(told["weight"] * share, row["weight"], abs_tol=CLOSE):
            return f"type {kind} weighs {told['weight']:.4f} x {share:.4f} within the type = {row['weight']:.4f}"
    return ""
