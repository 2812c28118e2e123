"""Intervals hold what they are to hold as often as they say: 95 % asked for, counted over many seeded trials."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest

from langgraph_quorum.nodes.merging.interval import METHOD, IntervalName, interval_by
from langgraph_quorum.nodes.merging.student_t import student_t_below, student_t_quantile

Spread = Callable[[float, Random], float]

SPREADS: dict[str, Spread] = {
    "all the same": lambda quality, random: 1.0,
    "less with quality": lambda quality, random: 1.5 - quality,  # up to nine times the variance
    "more with quality": lambda quality, random: 0.5 + quality,
    "whatever the quality": lambda quality, random: math.exp(random.gauss(0, 0.4)),
}
"""Standard deviations of values around the true one, by their result's quality."""

QUALITIES: dict[str, tuple[Callable[[Random], float], float]] = {
    # Weighted mean E[wq] / E[w] for w = 0.7 q + 0.3 s; s = 1 / (1 + t), t exponential: E[s] = 0.5963, Gompertz's
    "normal": (lambda random: random.gauss(0.7, 0.1), 0.7 + 0.7 * 0.01 / (0.7 * 0.7 + 0.3 * 0.5963)),  # variance 0.01
    "flat": (lambda random: random.random(), 0.5 + 0.7 / 12 / (0.7 * 0.5 + 0.3 * 0.5963)),  # variance 1/12
    "near 1": (lambda random: random.betavariate(8, 2), 0.8 + 0.7 * 0.16 / 11 / (0.7 * 0.8 + 0.3 * 0.5963)),
}
"""How qualities are drawn, and what their weighted mean comes to: E[q] + 0.7 Var[q] / E[w]."""

TRIALS = {4: 4000, 8: 4000, 16: 2000, 32: 1500}
"""By the number of values; fewer of them are further from 95 %, and counted with less error."""


def weighed(quality: float, random: Random) -> float:
    """As `WeightPolicy` does."""
    return 0.7 * quality + 0.3 / (1 + random.expovariate(1))


def share_held(
    method: IntervalName, draw: Callable[[Random], tuple[float, float]], truth: float, size: int, trials: int
) -> float:
    """Share of trials whose interval holds the truth; `draw` gives a value and its raw weight."""
    random, held = Random(f"{method}/{truth}/{size}"), 0
    for _ in range(trials):
        values, raw = zip(*[draw(random) for _ in range(size)], strict=True)
        total = math.fsum(raw)
        low, high, _ = interval_by(method, values, [one / total for one in raw])
        held += low <= truth <= high
    return held / trials


def numbers(spread: str) -> Callable[[Random], tuple[float, float]]:
    """Values around 10, of results whose qualities are flat."""

    def draw(random: Random) -> tuple[float, float]:
        quality = random.random()
        return random.gauss(10, SPREADS[spread](quality, random)), weighed(quality, random)

    return draw


def qualities(population: str) -> Callable[[Random], tuple[float, float]]:
    """Qualities, weighted by themselves."""

    def draw(random: Random) -> tuple[float, float]:
        quality = QUALITIES[population][0](random)
        return quality, weighed(quality, random)

    return draw


@pytest.mark.parametrize("size", TRIALS)
@pytest.mark.parametrize("spread", SPREADS)
def test_the_closed_form_holds_the_true_value_of_numbers_whose_spread_goes_with_quality_or_not(
    spread: str, size: int
) -> None:
    assert 0.93 <= share_held("student_t", numbers(spread), 10, size, TRIALS[size]) <= 0.97


@pytest.mark.parametrize("size", TRIALS)
@pytest.mark.parametrize("population", QUALITIES)
def test_the_closed_form_holds_the_quality_that_weights_made_of_it_come_to(population: str, size: int) -> None:
    draw, truth = qualities(population), QUALITIES[population][1]
    low = 0.915 if (population, size) == ("flat", 4) else 0.93  # equal weights cover no more than 93 % of such
    assert low <= share_held("student_t", draw, truth, size, TRIALS[size]) <= 0.97


@pytest.mark.parametrize("size", [2, 3])
def test_two_or_three_normal_values_are_covered_as_often_as_asked(size: int) -> None:
    assert 0.93 <= share_held("student_t", numbers("all the same"), 10, size, 2000) <= 0.97


@pytest.mark.parametrize(
    ("draw", "truth", "size"),
    [(numbers("less with quality"), 10, 5), (qualities("near 1"), QUALITIES["near 1"][1], 8)],
    ids=["numbers", "qualities"],
)
def test_the_bootstrap_covers_what_it_says(
    draw: Callable[[Random], tuple[float, float]], truth: float, size: int
) -> None:
    assert 0.91 <= share_held("bootstrap", draw, truth, size, 250) <= 0.98  # two standard errors are 2.8 %


def test_one_weight_that_outdoes_the_others_leaves_one_degree_of_freedom() -> None:
    # weights 0.9, 0.05, 0.05 are 1 / 0.815 = 1.23 values: one degree at least, t(1) = 12.706
    # mean 0.05; error² = (0.81 * 0.0025 + 0.0025 * 0.0025 + 0.0025 * 0.9025) / (1 - 0.815) = 0.0231757
    low, high, _ = interval_by("student_t", [0.0, 0.0, 1.0], [0.9, 0.05, 0.05])
    assert (low, high) == pytest.approx((0.05 - 12.7062 * 0.152236, 0.05 + 12.7062 * 0.152236), abs=1e-4)


def test_the_bootstrap_of_a_set_is_the_same_in_every_order() -> None:
    values, weights = [3.0, 1.0, 4.0, 1.5, 9.0], [0.1, 0.2, 0.3, 0.15, 0.25]
    low, high, how = interval_by("bootstrap", values, weights)
    assert interval_by("bootstrap", values[::-1], weights[::-1])[:2] == pytest.approx((low, high), rel=1e-12)
    assert how == "weighted bootstrap-t, 999 draws"
    assert low < 0.1 * 3 + 0.2 * 1 + 0.3 * 4 + 0.15 * 1.5 + 0.25 * 9 < high


def test_the_bootstrap_leaves_few_values_and_very_many_to_student() -> None:
    for size in (2, 4, 201):
        values = [float(number) for number in range(size)]
        assert interval_by("bootstrap", values, [1 / size] * size)[2] == METHOD


def test_values_that_agree_leave_no_doubt_and_the_interval_stays_within_bounds() -> None:
    for method in ("student_t", "bootstrap"):
        assert interval_by(method, [0.5] * 6, [1 / 6] * 6)[:2] == pytest.approx((0.5, 0.5))
        assert interval_by(method, [0.0, 1.0] * 3, [1 / 6] * 6, (0.4, 0.6))[:2] == (0.4, 0.6)


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [  # SciPy 1.17: scipy.stats.t.ppf(0.975, degrees)
        (1.0, 12.706204736),
        (1.5, 6.016663104),
        (2.0, 4.302652730),
        (2.7, 3.392148383),
        (6.3, 2.418942810),
        (49.9, 2.008658848),
        (75.5, 1.991885937),
    ],
)
def test_the_t_quantile_takes_fractions_of_degrees(degrees: float, quantile: float) -> None:
    assert student_t_quantile(0.975, degrees) == pytest.approx(quantile, rel=1e-6)
    assert student_t_below(quantile, degrees) == pytest.approx(0.975, abs=1e-7)
