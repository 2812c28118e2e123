"""Student's t for degrees of freedom that need not be whole, without SciPy."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

_TINY = 1e-300
_CLOSE = 1e-14
_CLOSE_QUANTILE = 1e-10
_STEPS = 300
_MANY = 50
"""Degrees from which the Cornish-Fisher expansion is good to five digits."""


def student_t_quantile(probability: float, degrees: float) -> float:
    """The t that a value of Student's distribution stays below with this probability.

    Args:
        probability: In (0.5, 1).
        degrees: Degrees of freedom, above 0; fractions are taken as they are.
    """
    return _quantile(probability, round(degrees, 9))


@lru_cache(maxsize=4096)
def _quantile(probability: float, degrees: float) -> float:
    if degrees >= _MANY:
        return _expansion(NormalDist().inv_cdf(probability), degrees)
    t = NormalDist().inv_cdf(probability)
    for _ in range(_STEPS):  # Newton's method: from below it stays below, because the density falls
        step = (probability - student_t_below(t, degrees)) / _density(t, degrees)
        t += step
        if abs(step) <= _CLOSE_QUANTILE * t:
            break
    return t


def student_t_below(t: float, degrees: float) -> float:
    """The probability to stay below t, from 0: 1 - I(v / (v + t²); v/2, 1/2) / 2 (Abramowitz & Stegun 26.7.1)."""
    return 1 - _incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2


def _density(t: float, degrees: float) -> float:
    log = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - math.log(degrees * math.pi) / 2
    return math.exp(log - (degrees + 1) / 2 * math.log1p(t * t / degrees))


def _expansion(z: float, degrees: float) -> float:
    """Cornish-Fisher (Abramowitz & Stegun 26.7.5)."""
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Abramowitz & Stegun 26.5.8)."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):  # beyond it the mirrored fraction converges faster
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    return front / a * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction, evaluated forwards (Lentz's method as modified by Thompson and Barnett, 1986)."""
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _off_zero(1 + term * d)
            c = _off_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return value


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
