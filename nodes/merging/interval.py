"""Confidence intervals of weighted means, in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

METHOD = "Student t on the weighted mean, Kish's effective sample size"


def student_t_quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t: exact for 1 and 2 degrees, else Cornish-Fisher (Abramowitz & Stegun 26.7.5).

    Args:
        probability: In (0.5, 1).
        degrees: Degrees of freedom from 1; between 1 and 3 rounded down, which widens the interval.
    """
    if degrees < 2:  # noqa: PLR2004  the Cauchy distribution
        return math.tan(math.pi * (probability - 0.5))
    if degrees < 3:  # noqa: PLR2004  closed form
        return (2 * probability - 1) * math.sqrt(2 / (4 * probability * (1 - probability)))
    z = NormalDist().inv_cdf(probability)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3


def weighted_interval(
    values: Sequence[float],
    weights: Sequence[float],
    confidence: float = 0.95,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> tuple[float, float]:
    """The interval of a weighted mean at the given confidence, clipped to what the quantity can be.

    Mean m = Σwx, variance s² = Σw(x-m)² · n/(n-1), effective size n = 1/Σw² (Kish 1965), interval m ± t(n-1) · s/√n.
    Fewer than two effective values say nothing about spread: the interval is then `bounds`.

    Args:
        values: What was observed.
        weights: Positive, summing to 1, one for each value.
        confidence: In (0, 1).
        bounds: Smallest and largest value the quantity can take.
    """
    size = 1 / sum([weight * weight for weight in weights]) if weights else 0.0
    if size < 1 + 1e-9 or len(values) == 1:
        return bounds
    mean = sum([weight * value for value, weight in zip(values, weights, strict=True)])
    spread = sum([weight * (value - mean) ** 2 for value, weight in zip(values, weights, strict=True)])
    error = math.sqrt(spread * size / (size - 1) / size)
    half = student_t_quantile(0.5 + confidence / 2, max(1.0, size - 1)) * error
    return max(bounds[0], mean - half), min(bounds[1], mean + half)
