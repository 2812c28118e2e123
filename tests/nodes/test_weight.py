"""How much a result weighs, with the arithmetic by hand, and the interval of a weighted mean."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.nodes.merging.interval import student_t_quantile, weighted_interval
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.weight import attributions
from langgraph_quorum.state.policies import WeightPolicy


def scored(name: str, quality: float | None = None, seconds: float | None = None) -> Scored:
    return Scored(branch_id=name, specialist=name, value=None, quality=quality, seconds=seconds)


@pytest.mark.parametrize(
    ("quality", "seconds", "weight"),
    [
        (0.9, 30.0, 0.83),  # 0.7 * 0.9 + 0.3 / (1 + 30/60) = 0.63 + 0.2
        (1.0, 0.0, 1.0),  # 0.7 + 0.3
        (0.8, 60.0, 0.71),  # 0.56 + 0.3 / 2
        (None, 60.0, 0.5),  # a missing quality counts 0.5: 0.35 + 0.15
        (0.8, None, 0.56),  # a missing time is infinite: 0.56 + 0
        (None, None, 0.35),
        (0.0, 540.0, 0.03),  # 0 + 0.3 / (1 + 9)
    ],
)
def test_the_weight_is_0_7_quality_and_0_3_speed(quality: float | None, seconds: float | None, weight: float) -> None:
    (row,) = attributions([scored("a", quality, seconds)], WeightPolicy())
    assert row["raw_weight"] == pytest.approx(weight)
    assert row["weight"] == 1.0
    assert row["quality_assumed"] is (quality is None)


def test_weights_are_shares_heaviest_first_and_ties_go_by_name() -> None:
    rows = attributions([scored("b", 0.5), scored("c", 1.0), scored("a", 0.5)], WeightPolicy())
    assert [row["branch_id"] for row in rows] == ["c", "a", "b"]
    # 0.7, 0.35 and 0.35 of 1.4
    assert [row["weight"] for row in rows] == pytest.approx([0.5, 0.25, 0.25])


def test_results_that_are_all_worthless_weigh_the_same() -> None:
    rows = attributions([scored("a", 0.0), scored("b", 0.0)], WeightPolicy())
    assert [row["weight"] for row in rows] == [0.5, 0.5]


def test_every_part_of_the_formula_is_a_parameter() -> None:
    policy = WeightPolicy(quality_share=1.0, speed_share=2.0, halving_s=10.0, assumed_quality=0.2)
    (row,) = attributions([scored("a", None, 10.0)], policy)
    assert row["raw_weight"] == pytest.approx(1.2)  # 1 * 0.2 + 2 / (1 + 10/10)


fractions = st.floats(0, 1)
many = st.lists(st.tuples(st.none() | fractions, st.none() | st.floats(0, 1e6)), min_size=1, max_size=20)


@given(many, st.randoms())
def test_the_order_of_results_does_not_matter_to_the_last_digit(
    given_results: list[tuple[float | None, float | None]], random: Random
) -> None:
    results = [scored(f"b{number}", *each) for number, each in enumerate(given_results)]
    shuffled = list(results)
    random.shuffle(shuffled)
    rows = attributions(results, WeightPolicy())
    assert rows == attributions(shuffled, WeightPolicy())
    assert math.isclose(math.fsum(row["weight"] for row in rows), 1.0)


@pytest.mark.parametrize(
    ("degrees", "table"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980)],
)
def test_the_t_quantile_agrees_with_the_table_to_one_percent(degrees: int, table: float) -> None:
    assert student_t_quantile(0.975, degrees) == pytest.approx(table, rel=0.01)


def test_the_interval_of_equal_weights_is_the_textbook_one() -> None:
    # mean 5, s² = (1 + 0 + 1)/2 = 1, t(2) = 4.303: 5 ± 4.303 / sqrt(3)
    low, high = weighted_interval([4.0, 5.0, 6.0], [1 / 3] * 3)
    assert (low, high) == pytest.approx((5 - 2.4843, 5 + 2.4843), abs=1e-3)


def test_one_value_says_nothing_about_spread() -> None:
    assert weighted_interval([0.7], [1.0], bounds=(0, 1)) == (0, 1)
    assert weighted_interval([0.7, 0.1], [1.0, 0.0], bounds=(0, 1)) == (0, 1)  # the second has no weight
    assert weighted_interval([], [], bounds=(0, 1)) == (0, 1)


def test_a_higher_confidence_gives_a_wider_interval() -> None:
    narrow = weighted_interval([1.0, 2.0, 4.0], [0.2, 0.3, 0.5], confidence=0.8)
    wide = weighted_interval([1.0, 2.0, 4.0], [0.2, 0.3, 0.5], confidence=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@given(st.lists(st.tuples(fractions, st.floats(0.01, 1)), min_size=2, max_size=20))
def test_the_interval_holds_the_mean_and_stays_within_bounds(pairs: list[tuple[float, float]]) -> None:
    total = math.fsum(weight for _, weight in pairs)
    values, shares = [value for value, _ in pairs], [weight / total for _, weight in pairs]
    low, high = weighted_interval(values, shares, bounds=(0.0, 1.0))
    mean = math.fsum(value * share for value, share in zip(values, shares, strict=True))
    assert 0 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 1
