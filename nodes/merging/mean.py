"""The weighted mean and its standard error."""

from __future__ import annotations

import math
from collections.abc import Sequence

ALONE = 1e-9
"""What more than one value there must be, effectively, before anything can be said of their spread."""


def mean_and_error(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The weighted mean of values with weights, and its standard error √(Σw²(x - m)² / (1 - Σw²)), for Σw = 1.

    The error is 0 where one value has all the weight.

    Args:
        pairs: A value and its weight, from 0; not all of them 0.
    """
    total = sum([weight for _, weight in pairs])
    mean = sum([value * weight for value, weight in pairs]) / total
    squares = sum([weight * weight for _, weight in pairs]) / (total * total)
    spread = sum([(weight * (value - mean)) ** 2 for value, weight in pairs]) / (total * total)
    return mean, math.sqrt(spread / (1 - squares)) if squares < 1 - ALONE else 0.0


def effective_count(weights: Sequence[float]) -> float:
    """To how many values of equal weight these come (Kish 1965): (Σw)² / Σw², 1 to their number; 0 for none."""
    squares = sum([weight * weight for weight in weights])
    return sum(weights) ** 2 / squares if squares > 0 else 0.0
