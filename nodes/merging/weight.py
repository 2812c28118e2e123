"""How much each result weighs: 0.7 · quality + 0.3 · 1 / (1 + seconds/60), normalised to a sum of 1."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.merged import Attribution
from langgraph_quorum.state.policies import WeightPolicy

_LARGE_SHARE = 1e290


def attributions(results: Sequence[Scored], policy: WeightPolicy) -> list[Attribution]:
    """The weights with their factors, heaviest first, ties by branch id.

    A missing quality counts as the policy's assumption and is marked; a missing time as infinite. When every raw weight
    is 0, all weigh the same. Shares of the policy so large that their sum may be no number are brought down together.

    Args:
        results: With a quality of 0..1 and a time from 0, where they have one.
        policy: How they are weighed.
    """
    largest = max(policy.quality_share, policy.speed_share)
    if largest > _LARGE_SHARE:
        down = {"quality_share": policy.quality_share / largest, "speed_share": policy.speed_share / largest}
        policy = replace(policy, **down)
    assumed, halving_s = policy.assumed_quality, policy.halving_s
    quality_share, speed_share = policy.quality_share, policy.speed_share
    rows: list[Attribution] = []
    for branch_id, specialist, _, measured, seconds, group, _, _ in results:
        quality = assumed if measured is None else measured
        speed = 0.0 if seconds is None else 1 / (1 + seconds / halving_s)
        row: Attribution = {
            "branch_id": branch_id,
            "specialist": specialist,
            "group": group,
            "weight": 0.0,
            "raw_weight": quality_share * quality + speed_share * speed,
            "quality": quality,
            "quality_assumed": measured is None,
            "seconds": seconds,
            "speed": speed,
        }
        rows.append(row)
    total = math.fsum([row["raw_weight"] for row in rows])  # whatever their order
    for row in rows:
        row["weight"] = row["raw_weight"] / total if total > 0 else 1 / len(rows)
    return heaviest_first(rows)


def heaviest_first(rows: Iterable[Attribution]) -> list[Attribution]:
    """By weight, those that weigh the same by branch id."""
    ordered = sorted(rows, key=itemgetter("branch_id"))
    ordered.sort(key=itemgetter("weight"), reverse=True)  # keeps the order of those that weigh the same
    return ordered


def reweighed(rows: Sequence[Attribution], weights: Mapping[str, float]) -> list[Attribution]:
    """The rows with other weights."""
    return heaviest_first([Attribution(**{**row, "weight": weights[row["branch_id"]]}) for row in rows])
