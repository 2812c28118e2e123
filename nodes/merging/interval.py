"""Confidence intervals of weighted means: in closed form, or by the bootstrap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, cast

from langgraph_quorum.nodes.merging.bootstrap import DRAWS, FEWEST, MOST, bootstrap_t
from langgraph_quorum.nodes.merging.mean import ALONE, effective_count, lowered, mean_and_error, power_of, raised
from langgraph_quorum.nodes.merging.student_t import student_t_quantile
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.words import suggestion

__all__ = ["METHOD", "IntervalName", "check_interval", "interval_by", "student_t_quantile", "weighted_interval"]

METHOD = "Student t on the weighted mean, variance of a ratio, n_eff - 1 degrees of freedom"
BOOTSTRAP = f"weighted bootstrap-t, {DRAWS} draws"

IntervalName = Literal["student_t", "bootstrap"]
_NAMES = ("student_t", "bootstrap")


def check_interval(name: Any, field: str = "interval") -> IntervalName:
    """The name of a method that there is.

    Raises:
        ConfigurationError: naming the field and the nearest method.
    """
    if name not in _NAMES:
        raise ConfigurationError(field, name, suggestion(str(name), _NAMES))
    return cast("IntervalName", name)


def interval_by(
    name: IntervalName,
    values: Sequence[float],
    weights: Sequence[float],
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> tuple[float, float, str]:
    """The 95 % interval of a weighted mean, and the name of the method that it was made by.

    For fewer than `FEWEST` or more than `MOST` values the bootstrap leaves the word to Student's t.

    Args:
        name: Of the method.
        values: What was observed.
        weights: Positive, summing to 1, one for each value.
        bounds: Smallest and largest value the quantity can take.
    """
    if name == "bootstrap" and FEWEST <= sum([weight > 0 for weight in weights]) <= MOST:
        low, high = bootstrap_t(values, weights)
        return max(bounds[0], low), min(bounds[1], high), BOOTSTRAP
    return *weighted_interval(values, weights, bounds=bounds), METHOD


def weighted_interval(
    values: Sequence[float],
    weights: Sequence[float],
    confidence: float = 0.95,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> tuple[float, float]:
    """The interval of a weighted mean at the given confidence, clipped to what the quantity can be.

    Mean m = Σwx, error e² = Σw²(x - m)² / (1 - Σw²), interval m ± t(n - 1) · e with at least one degree of freedom. The
    error is that of a ratio of sums (Cochran 1977; among those that Gatz & Smith 1995 compare the nearest to a
    bootstrap), n the effective number of values 1 / Σw² (Kish 1965). Equal weights give the interval of the textbooks.

    It is of what m comes to with ever more such values. Each value's own deviation counts, not one that all share, so
    their spreads may differ, and weights and values may go together, as qualities and weights made of them do. Of 95 %
    asked for, 92 to 98 % were measured with fewer than 16 values, 93 to 97 % with 16 or more. A bound beyond the
    largest number is infinite.

    Args:
        values: What was observed, each independent of the others.
        weights: Positive, summing to 1, one for each value.
        confidence: In (0, 1).
        bounds: Smallest and largest value the quantity can take.
    """
    effective = effective_count(weights)
    if effective <= 1 + ALONE:
        return bounds
    power = power_of(values)
    mean, error = mean_and_error(list(zip(lowered(values, power) if power else values, weights, strict=True)))
    half = student_t_quantile(0.5 + confidence / 2, max(1.0, effective - 1)) * error
    return max(bounds[0], raised(mean - half, power)), min(bounds[1], raised(mean + half, power))
