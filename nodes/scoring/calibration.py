"""From a stated confidence to how often such a statement was right. Monotone, and near the statement while data is few.

Observations fall into `BINS` bins of stated confidence, all of the same width. Of a bin with n observations, mean
stated confidence x and r right ones, y = (r + `PRIOR` · x) / (n + `PRIOR`): the share that was right, drawn towards
what was stated as if by `PRIOR` observations that agree with it. Neighbours that fall are pooled, weighted by n +
`PRIOR`, until no y falls (pool adjacent violators: Ayer et al. 1955). Between two bins it is interpolated linearly;
outside of them it is that of the nearest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

BINS = 10
PRIOR = 2.0


class Bin(NamedTuple):
    """Observations whose stated confidence lies in the same tenth.

    Attributes:
        seen: How many.
        stated: Sum of their stated confidences.
        right: How many were right.
    """

    seen: int = 0
    stated: float = 0.0
    right: int = 0


def bin_of(stated: float) -> int:
    """In which bin a stated confidence of 0..1 falls."""
    return min(int(stated * BINS), BINS - 1)


def calibrated(stated: float, bins: Sequence[Bin]) -> float:
    """How often statements like this one were right, 0..1. The statement itself when there is no observation."""
    known = [one for one in bins if one.seen]
    if not known:
        return stated
    xs = [one.stated / one.seen for one in known]
    ys = _rising([(one.right + PRIOR * x) / (one.seen + PRIOR) for one, x in zip(known, xs, strict=True)], known)
    place = bisect_left(xs, stated)
    if place == 0:
        return ys[0]
    if place == len(xs):
        return ys[-1]
    low, high = xs[place - 1], xs[place]
    return ys[place - 1] + (ys[place] - ys[place - 1]) * (stated - low) / (high - low)


def _rising(shares: Sequence[float], bins: Sequence[Bin]) -> list[float]:
    """The nearest shares, by weighted squares, of which none is below the one before."""
    pools: list[tuple[float, float, int]] = []
    """Share, weight and length of each."""
    for share, one in zip(shares, bins, strict=True):
        pools.append((share, one.seen + PRIOR, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (late, late_weight, late_length), (early, weight, length) = pools.pop(), pools.pop()
            total = weight + late_weight
            pools.append(((early * weight + late * late_weight) / total, total, length + late_length))
    return [min(1.0, max(0.0, share)) for share, _, length in pools for _ in range(length)]
