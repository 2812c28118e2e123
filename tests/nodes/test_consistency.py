"""Agreement among many peers: the same as holding each against each other, without doing so."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.scoring.consistency import LISTS, consistencies

numbers = st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False)
plain = numbers | st.booleans() | st.sampled_from(["yes", "no"])
values = plain | st.none() | st.lists(plain | st.none(), max_size=3) | st.dictionaries(st.text(max_size=1), plain)
fields = st.dictionaries(st.sampled_from(["x", "y", "confidence"]), values)


def peers(*all_values: Any) -> list[Scored]:
    return [Scored(f"b{n:04}", "s", value, type="review") for n, value in enumerate(all_values)]


def agreement(one: Any, other: Any) -> float | None:
    """The definition, for two values."""
    kinds = [type(value) if isinstance(value, (bool, str, list)) else float for value in (one, other)]
    if any(value is None or isinstance(value, dict) for value in (one, other)):
        return None
    if kinds == [float, float]:
        largest = max(abs(one), abs(other))
        return max(0.0, 1 - abs(one - other) / largest) if largest else 1.0
    if kinds == [list, list]:
        union = {*one, *other}
        return None if None in union else len({*one} & {*other}) / len(union) if union else 1.0
    return float(one == other) if {*kinds} <= {str, bool} else None


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a busy machine only
@given(st.lists(fields, max_size=8))
def test_it_is_the_mean_over_all_pairs_and_fields(given_values: list[dict[str, Any]]) -> None:
    expected = {}
    for one in peers(*given_values):
        found = [
            agreement(one.value[name], other.value[name])
            for other in peers(*given_values)
            for name in one.value.keys() & other.value.keys() - {"confidence"}
            if other.branch_id != one.branch_id
        ]
        scores = [score for score in found if score is not None]
        if scores:
            expected[one.branch_id] = sum(scores) / len(scores)
    assert consistencies(peers(*given_values)) == pytest.approx(expected, abs=1e-9)


@given(st.lists(fields, max_size=8), st.randoms())
def test_the_order_of_results_does_not_matter(given_values: list[dict[str, Any]], random: Random) -> None:
    shuffled = peers(*given_values)
    random.shuffle(shuffled)
    assert consistencies(shuffled) == consistencies(peers(*given_values))


def test_lists_of_many_peers_are_held_against_a_sample_that_stands_for_all() -> None:
    lists = [["early", number] for number in range(500)] + [["late", number] for number in range(500)]
    found = consistencies(peers(*({"found": one} for one in lists)))
    # two of the same half share 1 of 3 items, others none: (499 * 1/3) / 999 against all
    assert found == pytest.approx(dict.fromkeys(found, 499 / 3 / 999), abs=1 / LISTS)


def test_up_to_the_bound_lists_are_held_against_all() -> None:
    lists = [["same"]] * LISTS + [["other"]]
    found = consistencies(peers(*({"found": one} for one in lists)))
    assert found["b0000"] == (LISTS - 1) / LISTS
    assert found[f"b{LISTS:04}"] == 0.0
