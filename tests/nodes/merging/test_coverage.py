"""Intervals hold what they are to hold as often as they say: 95 % asked for, counted over many seeded trials."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest

from langgraph_quorum.nodes.merging.interval import METHOD, IntervalName, interval_by
from langgraph_quorum.nodes.merging.student_t import student_t_below, student_t_quantile

Draw = Callable[[Random], float]

POPULATIONS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda random: random.gauss(10, 3), 10),
    "flat": (lambda random: random.random(), 0.5),
    "qualities": (lambda random: random.betavariate(8, 2), 0.8),
}


def coverage(method: IntervalName, population: str, size: int, trials: int) -> float:
    """Share of trials whose interval holds the population's mean; weights as `WeightPolicy` gives them."""
    random, (draw, mean) = Random(f"{method}/{population}/{size}"), POPULATIONS[population]
    held = 0
    for _ in range(trials):
        raw = [0.7 * random.random() + 0.3 / (1 + random.expovariate(1 / 60) / 60) for _ in range(size)]
        total = math.fsum(raw)
        low, high, _ = interval_by(method, [draw(random) for _ in range(size)], [one / total for one in raw])
        held += low <= mean <= high
    return held / trials


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("size", [5, 8, 20])
def test_the_closed_form_covers_what_it_says(population: str, size: int) -> None:
    assert 0.93 <= coverage("student_t", population, size, 3000) <= 0.97


@pytest.mark.parametrize("size", [2, 3, 4])
def test_the_closed_form_covers_few_values_of_a_normal_population(size: int) -> None:
    assert 0.93 <= coverage("student_t", "normal", size, 3000) <= 0.97


@pytest.mark.parametrize("population", ["flat", "qualities"])
@pytest.mark.parametrize("size", [3, 4])
def test_three_or_four_values_that_are_not_normal_are_covered_almost_as_often(population: str, size: int) -> None:
    assert 0.915 <= coverage("student_t", population, size, 3000) <= 0.97


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("size", [5, 8, 12])
def test_the_bootstrap_covers_what_it_says(population: str, size: int) -> None:
    assert 0.92 <= coverage("bootstrap", population, size, 400) <= 0.98  # of 400 trials: two standard errors are 2 %


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
