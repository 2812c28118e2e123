"""Merging results: weights, value, interval and all that explains them."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.nodes.merging.interval import METHOD, weighted_interval
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import STRATEGIES, Made, Strategy, strategy_named
from langgraph_quorum.nodes.merging.weight import attributions
from langgraph_quorum.state.policies import WeightPolicy
from langgraph_quorum.state.records import Attribution, Merged


def merge(
    results: Sequence[Scored],
    strategy: str | Strategy = "weighted",
    policy: WeightPolicy | None = None,
    failed: Sequence[str] = (),
) -> Merged:
    """Make one result of many. The order of `results` does not matter.

    Args:
        results: The successes, each branch once.
        strategy: `merge_all`, `best`, `weighted`, or a function of the results and their weights, which returns the
            merged value, or `Made` of a value and metadata.
        policy: How results are weighed; the default is 0.7 quality and 0.3 speed.
        failed: Branches that gave no result.

    Returns:
        The merged result; for no results the status "no data" with quality 0.

    Raises:
        ConfigurationError: for an unknown strategy.
        ResultError: when a user's strategy returns something that cannot be kept as JSON.
    """
    name, make = strategy_named(strategy)
    if not results:
        return _no_data(name, failed)
    rows = attributions(results, policy or WeightPolicy())
    by_id = {result.branch_id: result for result in results}
    weights = {row["branch_id"]: row["weight"] for row in rows}
    made = make([by_id[row["branch_id"]] for row in rows], weights)
    if not any(make is shipped for shipped in STRATEGIES.values()):
        made = _kept(made)
    quality, interval = _quality(rows)
    success_rate = len(results) / (len(results) + len(failed))
    return Merged(
        status="merged",
        strategy=name,
        value=made.value,
        quality=quality,
        confidence_interval=interval,
        interval_method=METHOD,
        attribution=rows,
        sources_count=len(results),
        metadata=made.metadata,
        success_rate=success_rate,
        quality_distribution=_distribution([row["quality"] for row in rows]),
        integration_confidence=quality * success_rate,
        partial=bool(failed),
        failed=sorted(failed),
        support={},
        dissent=[],
        discarded=[],
        sources=sorted(by_id),
        review=[],
    )


def _kept(made: Any) -> Made:
    """What a user's strategy has made, as it can be stored."""
    if not isinstance(made, Made):
        made = Made(made)
    return Made(jsonable(made.value, "merged"), jsonable(made.metadata, "metadata"))


def _quality(rows: Sequence[Attribution]) -> tuple[float, list[float]]:
    """The weighted mean quality and its interval, which contains it whatever rounding does."""
    qualities, weights = [row["quality"] for row in rows], [row["weight"] for row in rows]
    quality = min(1.0, math.fsum(map(operator.mul, weights, qualities)))
    low, high = weighted_interval(qualities, weights, bounds=(0.0, 1.0))
    return quality, [min(low, quality), max(high, quality)]


def _distribution(qualities: Sequence[float]) -> dict[str, float]:
    return {"min": min(qualities), "median": median(qualities), "mean": fmean(qualities), "max": max(qualities)}


def _no_data(strategy: str, failed: Sequence[str]) -> Merged:
    return Merged(
        status="no data",
        strategy=strategy,
        value=None,
        quality=0.0,
        confidence_interval=[0.0, 0.0],
        interval_method=METHOD,
        attribution=[],
        sources_count=0,
        metadata={},
        success_rate=0.0,
        quality_distribution={},
        integration_confidence=0.0,
        partial=bool(failed),
        failed=sorted(failed),
        support={},
        dissent=[],
        discarded=[],
        sources=[],
        review=[],
    )
