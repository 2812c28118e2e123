"""How much each result weighs: 0.7 · quality + 0.3 · 1 / (1 + seconds/60), normalised to a sum of 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import itemgetter

from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.policies import WeightPolicy
from langgraph_quorum.state.records import Attribution


def attributions(results: Sequence[Scored], policy: WeightPolicy) -> list[Attribution]:
    """The weights with their factors, heaviest first, ties by branch id.

    A missing quality counts as the policy's assumption and is marked; a missing time as infinite. When every raw weight
    is 0, all weigh the same.
    """
    rows = [_row(result, policy) for result in results]
    total = math.fsum([row["raw_weight"] for row in rows])  # whatever their order
    for row in rows:
        row["weight"] = row["raw_weight"] / total if total > 0 else 1 / len(rows)
    rows.sort(key=itemgetter("branch_id"))
    rows.sort(key=itemgetter("weight"), reverse=True)  # keeps the order of those that weigh the same
    return rows


def _row(result: Scored, policy: WeightPolicy) -> Attribution:
    branch_id, specialist, _, measured, seconds, group, _ = result
    quality = policy.assumed_quality if measured is None else measured
    speed = 0.0 if seconds is None else 1 / (1 + seconds / policy.halving_s)
    return {
        "branch_id": branch_id,
        "specialist": specialist,
        "group": group,
        "weight": 0.0,
        "raw_weight": policy.quality_share * quality + policy.speed_share * speed,
        "quality": quality,
        "quality_assumed": measured is None,
        "seconds": seconds,
        "speed": speed,
    }
