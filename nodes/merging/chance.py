"""Whether something recurs more often than chance explains."""

from __future__ import annotations

import math
from collections.abc import Sequence


def binomial_tail(successes: int, trials: int, rate: float) -> float:
    """P(K >= successes) for K ~ Binomial(trials, rate): Σ C(n, k) · p^k · (1 - p)^(n-k) from k = successes.

    Args:
        successes: 0 to `trials`.
        trials: From 0.
        rate: 0..1.
    """
    if successes <= 0 or rate >= 1:
        return 1.0
    if rate <= 0:
        return 0.0
    logs = [
        math.lgamma(trials + 1)
        - math.lgamma(k + 1)
        - math.lgamma(trials - k + 1)
        + k * math.log(rate)
        + (trials - k) * math.log1p(-rate)
        for k in range(successes, trials + 1)
    ]
    return min(1.0, math.fsum([math.exp(one) for one in logs]))


def adjusted(probabilities: Sequence[float]) -> list[float]:
    """The probabilities corrected for having been tested together (Benjamini & Hochberg 1995), in the same order.

    With m of them, the i-th smallest becomes the least p(j) · m / j of all j >= i, at most 1. Those below a bound then
    hold at most that share of false discoveries, in the mean.
    """
    count = len(probabilities)
    corrected, least = [1.0] * count, 1.0
    for rank, place in reversed(list(enumerate(sorted(range(count), key=probabilities.__getitem__), start=1))):
        least = min(least, probabilities[place] * count / rank)
        corrected[place] = least
    return corrected
