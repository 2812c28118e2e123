"""The weighted bootstrap of a weighted mean: the same set gives the same interval, whatever its order."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from langgraph_quorum.nodes.merging.mean import lowered, mean_and_error, power_of, raised

DRAWS = 999
FEWEST = 5
"""Values below which too few different samples can be drawn: measured, 3 cover 80 % where 95 % were asked for."""
MOST = 200
"""Values above which it says what Student's t says, and takes long."""

_NO_SPREAD = 1e-12
_NO_WEIGHT = 1e-9
"""Of the largest weight; a sample may hold nothing else."""


def bootstrap_t(
    values: Sequence[float], weights: Sequence[float], confidence: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """The bootstrap-t interval (Efron 1981; Hall 1988) of a weighted mean.

    Values are drawn with their weights; each sample's mean m* and standard error e* give t* = (m* - m) / e*. With the
    quantiles q of t*, the interval is [m - q(high) · e, m - q(low) · e]. Samples without spread are left out. A bound
    beyond the largest number is infinite.

    Args:
        values: At least two.
        weights: From 0, one for each value, not all 0.
        confidence: In (0, 1).
        seed: Of the draws.
    """
    power = power_of(values)
    if power:
        low, high = bootstrap_t(lowered(values, power), weights, confidence, seed)
        return raised(low, power), raised(high, power)
    least = max(weights) * _NO_WEIGHT
    pairs = sorted((value, weight) for value, weight in zip(values, weights, strict=True) if weight >= least)
    mean, error = mean_and_error(pairs)
    if error <= _NO_SPREAD:
        return mean, mean
    random = Random(seed)  # noqa: S311  a simulation, no secret
    ratios = []
    for _ in range(DRAWS):
        drawn_mean, drawn_error = mean_and_error(random.choices(pairs, k=len(pairs)))
        if drawn_error > _NO_SPREAD * max(1.0, abs(drawn_mean)):
            ratios.append((drawn_mean - mean) / drawn_error)
    if not ratios:
        return mean, mean
    ratios.sort()
    tail = (1 - confidence) / 2
    return mean - _quantile(ratios, 1 - tail) * error, mean - _quantile(ratios, tail) * error


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value at rank share · (n + 1): with 999 draws a whole rank."""
    rank = round(share * (len(ordered) + 1))
    return ordered[min(max(rank, 1), len(ordered)) - 1]
