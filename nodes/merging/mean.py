"""The weighted mean and its standard error."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import mul

ALONE = 1e-9
"""What more than one value there must be, effectively, before anything can be said of their spread."""

_SQUARES = 2.0**500
"""Up to this, and down to its inverse, a number can be squared, and many squares summed."""


def power_of(values: Iterable[float]) -> int:
    """The power of two to divide values by before they are squared: 0 for all but huge and tiny ones."""
    largest = max(map(abs, values))
    return 0 if not largest or 1 / _SQUARES < largest < _SQUARES else math.frexp(largest)[1]


def lowered(values: Iterable[float], power: int) -> list[float]:
    """The values divided by that power of two, which loses nothing of the larger ones."""
    return [math.ldexp(value, -power) for value in values]


def raised(value: float, power: int) -> float:
    """The value times that power of two; infinite where no number is so large."""
    try:
        return math.ldexp(value, power)
    except OverflowError:
        return math.copysign(math.inf, value)


def weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """Σwx for weights that sum to 1. However large the values are, the mean lies among them."""
    power = power_of(values)
    if not power:
        return math.fsum(map(mul, values, weights))
    mean = raised(math.fsum(map(mul, lowered(values, power), weights)), power)
    return min(max(mean, float(min(values))), float(max(values)))


def mean_and_error(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The weighted mean of values with weights, and its standard error √(Σw²(x - m)² / (1 - Σw²)), for Σw = 1.

    The error is 0 where one value has all the weight.

    Args:
        pairs: A value that can be squared and its weight, from 0; not all of them 0.
    """
    values, weights = zip(*pairs, strict=True)
    total = sum(weights)
    mean = sum(map(mul, values, weights)) / total
    squares = sum(map(mul, weights, weights)) / (total * total)
    off = [weight * (value - mean) for value, weight in pairs]
    spread = sum(map(mul, off, off)) / (total * total)
    return mean, math.sqrt(spread / (1 - squares)) if squares < 1 - ALONE else 0.0


def effective_count(weights: Sequence[float]) -> float:
    """To how many values of equal weight these come (Kish 1965): (Σw)² / Σw², 1 to their number; 0 for none."""
    squares = sum(map(mul, weights, weights))
    return sum(weights) ** 2 / squares if squares > 0 else 0.0
