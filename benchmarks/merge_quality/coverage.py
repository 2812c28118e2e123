"""How often intervals hold what they are to hold, of 95 %."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random

from benchmarks.measuring import Row
from langgraph_quorum.nodes.merging.interval import IntervalName
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Weighted

TRIALS: dict[IntervalName, tuple[tuple[int, ...], int]] = {
    "student_t": ((4, 8, 16, 32), 3000),
    "bootstrap": ((5, 8, 16), 300),
}
"""Numbers of results, and how often each is drawn: the standard errors are 0.4 % and 1.3 %."""
TRUTH = 10.0
NUMBERS: dict[str, Callable[[float, Random], float]] = {
    "spread the same": lambda _, random: random.gauss(TRUTH, 1),
    "spread less with quality": lambda quality, random: random.gauss(TRUTH, 1.5 - quality),
    "spread more with quality": lambda quality, random: random.gauss(TRUTH, 0.5 + quality),
    "spread whatever the quality": lambda _, random: random.gauss(TRUTH, math.exp(random.gauss(0, 0.4))),
    "spread up to eleven times as wide": lambda quality, random: random.gauss(TRUTH, 2.2 - 2 * quality),
    "skewed": lambda _, random: TRUTH - 0.8 + random.betavariate(8, 2),
    "as skewed as waiting times": lambda _, random: TRUTH - 1 + random.expovariate(1),
}
"""Values around the true one, by the quality of the result."""
SKEWED = ("skewed", "as skewed as waiting times")
"""For information: of values that may be skewed at will, no interval holds the mean as often as asked (Bahadur & Savage
1956), and few values do not show how skewed they are."""
POPULATIONS: dict[str, Callable[[Random], float]] = {
    "flat": lambda random: random.random(),
    "near 1": lambda random: random.betavariate(8, 2),
    "normal": lambda random: min(1.0, max(0.0, random.gauss(0.7, 0.12))),
}
_MANY = 200_000


def cases() -> list[tuple[IntervalName, str]]:
    """What there is a row for: the method, and the kind of values."""
    methods: tuple[IntervalName, ...] = ("student_t", "bootstrap")
    return [(method, what) for method in methods for what in (*NUMBERS, *POPULATIONS)]


def coverage_row(method: IntervalName, what: str) -> Row:
    """The shares by number of values, through `merge` with its default weights."""
    sizes, trials = TRIALS[method]
    held = _of_number if what in NUMBERS else _of_quality
    shares = [held(method, what, size, trials) for size in sizes]
    named = "a number," if what in NUMBERS else "the quality,"
    told = " ".join(f"{share:.3f}" for share in shares)
    target, met = ("", None) if what in SKEWED else ("0.93 to 0.97 each", _all_within(shares, trials))
    return Row(f"{method}: {named} {what}", told, f"{', '.join(map(str, sizes))} results", "", target, met)


def _all_within(shares: Sequence[float], trials: int) -> bool | None:
    """None where one is outside by no more than two standard errors, so that nobody can tell."""
    outside = [max(0.93 - share, share - 0.97) for share in shares]
    if max(outside) <= 0:
        return True
    errors = [math.sqrt(share * (1 - share) / trials) for share in shares]
    return False if any(out > 2 * error for out, error in zip(outside, errors, strict=True)) else None


def _of_number(method: IntervalName, what: str, size: int, trials: int) -> float:
    """Values around the true one; qualities are flat."""
    random, held = Random(f"{method} {what} {size}"), 0
    for _ in range(trials):
        results = []
        for place in range(size):
            quality = random.random()
            value, seconds = NUMBERS[what](quality, random), random.expovariate(1 / 60)
            results.append(Scored(f"b{place}", "s", value, quality, seconds))
        fields = merge(results, Weighted(method))["metadata"]["fields"]
        low, high = fields["value"]["confidence_interval"]
        held += low <= TRUTH <= high
    return held / trials


def _of_quality(method: IntervalName, population: str, size: int, trials: int) -> float:
    """Held is to be what the merge's quality comes to with ever more results: E[wq] / E[w]."""
    random, held = Random(f"{method} {population} {size}"), 0
    truth = merge(_drawn(random, population, _MANY), "best")["quality"]
    for _ in range(trials):
        low, high = merge(_drawn(random, population, size), "best", interval=method)["confidence_interval"]
        held += low <= truth <= high
    return held / trials


def _drawn(random: Random, population: str, size: int) -> list[Scored]:
    draw = POPULATIONS[population]
    return [Scored(f"b{place}", "s", None, draw(random), random.expovariate(1 / 60)) for place in range(size)]
