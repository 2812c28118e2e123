"""Whether something recurs more often than chance explains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

_NEGLIGIBLE = 1e-18


@lru_cache(maxsize=4096)
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
    if successes <= trials * rate:  # the rest is the shorter sum, and not close to 1
        return max(0.0, 1 - math.fsum([_term(k, trials, rate) for k in range(successes)]))
    terms: list[float] = []
    for k in range(successes, trials + 1):  # falling, above the mean
        terms.append(_term(k, trials, rate))
        if terms[-1] < terms[0] * _NEGLIGIBLE:
            break
    return min(1.0, math.fsum(terms))


def _term(k: int, trials: int, rate: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
    return math.exp(ways + k * math.log(rate) + (trials - k) * math.log1p(-rate))


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
