"""Numbers as large and as small as there are: every strategy gives a result, and what cannot be said is said so."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings

from langgraph_quorum.nodes.merging.bootstrap import bootstrap_t
from langgraph_quorum.nodes.merging.grouped import by_group
from langgraph_quorum.nodes.merging.interval import weighted_interval
from langgraph_quorum.nodes.merging.made import Strategy
from langgraph_quorum.nodes.merging.merge import as_result, merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import (
    STRATEGIES,
    Consensus,
    Hierarchical,
    Made,
    Resolve,
    Weighted,
)
from langgraph_quorum.nodes.scoring.consistency import consistencies
from langgraph_quorum.nodes.scoring.quality import checked
from langgraph_quorum.nodes.scoring.semantic import similarities
from langgraph_quorum.state.policies import WeightPolicy
from tests.nodes.merging.scored import results

MOST = sys.float_info.max
ALL: dict[str, Strategy] = {
    **STRATEGIES,
    "bootstrap": Weighted(interval="bootstrap"),
    "log_odds": Consensus("log_odds"),
    "recency": Resolve("recency", timestamp="x"),
    "by_type": Hierarchical({"p": "weighted"}),
    "by_group": by_group("weighted"),
}
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1)
rows = st.tuples(
    numbers | st.dictionaries(st.sampled_from("xy"), numbers | st.lists(numbers, max_size=3), max_size=2),
    st.none() | st.floats(0, 1),
    st.none() | st.floats(0, MOST),
    st.sampled_from(["", "p"]),
)


@pytest.mark.parametrize("strategy", ALL.values(), ids=ALL)
@settings(max_examples=40, deadline=None)
@given(st.lists(rows, min_size=1, max_size=8), st.sampled_from([1e-300, 1.0, MOST]))
@example([(MOST, 0.5, None, "p"), (MOST, 0.9, None, "p"), (-MOST, 0.9, None, "p")], 1.0)
@example([({"x": MOST}, None, None, "p")] * 7 + [({"x": -MOST}, None, None, "p")], 1.0)
@example([(5e-324, None, None, "p"), (1e-320, None, None, "p")], MOST)
def test_no_number_is_too_large_or_too_small_to_be_merged(strategy: Strategy, drawn: list[Any], share: float) -> None:
    made = [
        Scored(f"b{place}", f"s{place % 3}", value, quality, seconds, type=kind)
        for place, (value, quality, seconds, kind) in enumerate(drawn)
    ]
    merged = merge(made, strategy, WeightPolicy(quality_share=share, speed_share=share))
    json.dumps(merged, allow_nan=False)
    assert math.isclose(math.fsum(row["weight"] for row in merged["attribution"]), 1.0)
    assert all(0 <= agreed <= 1 + 1e-9 for agreed in consistencies(made).values())
    assert merge([as_result(merged)], strategy)["value"] == merged["value"]


def test_the_mean_of_huge_numbers_lies_among_them_and_its_interval_where_there_is_one_holds_it() -> None:
    merged = merge(results(1e308, 1.7e308, 1.7e308), "weighted")
    assert merged["value"] == pytest.approx(1e308 / 3 + 1.7e308 / 3 * 2)
    assert merged["metadata"]["fields"]["value"] == {
        "no_interval": "a bound of the interval is beyond the largest number"
    }
    assert merge(results(MOST, MOST, math.nextafter(MOST, 0)), "weighted")["value"] <= MOST
    near = merge(results(1e307, 1.1e307, 0.9e307), "weighted")["metadata"]["fields"]["value"]
    small = merge(results(1.0, 1.1, 0.9), "weighted")["metadata"]["fields"]["value"]
    assert near["confidence_interval"] == pytest.approx([1e307 * bound for bound in small["confidence_interval"]])


@pytest.mark.parametrize("size", [1e-200, 1e200, 1e307])
def test_an_interval_is_that_of_the_same_values_at_another_scale(size: float) -> None:
    values, weights = [1.0, 2.5, 1.5, 0.5, 2.0, 1.0], [0.1, 0.2, 0.3, 0.1, 0.2, 0.1]
    scaled = [value * size for value in values]
    for made in (weighted_interval, bootstrap_t):
        assert made(scaled, weights) == pytest.approx([bound * size for bound in made(values, weights)])


def test_huge_weights_of_a_strategy_of_ones_own_are_shares_all_the_same() -> None:
    merged = merge(results(1, 2), lambda ordered, weights: Made(1, weights={"a": MOST, "b": MOST / 3}))
    assert [row["weight"] for row in merged["attribution"]] == pytest.approx([0.75, 0.25])


def test_a_score_that_no_float_holds_is_missing_with_the_reason() -> None:
    assert checked(10**400, "mine")["score"] is None
    made = checked({"score": 0.5, "cost": 10**400}, "mine")
    assert made["score"] == 0.5
    assert "cost" not in made


def test_numbers_that_no_float_holds_are_not_compared() -> None:
    made = [Scored(name, name, {"n": n, "m": 1}, type="t") for name, n in (("a", 10**400), ("b", 1.5), ("c", math.nan))]
    assert consistencies(made) == {"a": 1.0, "b": 1.0, "c": 1.0}  # by m alone


async def test_a_vector_of_huge_numbers_has_a_direction() -> None:
    class Huge(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[MOST, MOST] for _ in texts]

        def embed_query(self, text: str) -> list[float]:
            raise NotImplementedError

    made = [Scored(name, name, f"text {name}", type="t") for name in "ab"]
    assert (await similarities(made, Huge())).scores == pytest.approx({"a": 1.0, "b": 1.0})
