"""What is wrong is refused with the field and the mend."""

from __future__ import annotations

import importlib.util
import math
from typing import Any

import pytest

from langgraph_quorum.nodes.merging.merge import as_result, merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus, Hierarchical, Made, Patterns, Resolve, Weighted
from langgraph_quorum.state.errors import ConfigurationError, MissingExtraError, ResultError
from langgraph_quorum.state.policies import WeightPolicy
from tests.nodes.merging.scored import results


def wrongly(maker: Any) -> Any:
    """The same for arguments that its types forbid."""
    return maker


async def awaited(results: Any, weights: Any) -> int:
    return 42


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: wrongly(Weighted)(interval="bootstrp"), "Weighted.interval='bootstrp': did you mean 'bootstrap'"),
        (lambda: wrongly(Consensus)(method="majorty"), "Consensus.method='majorty': did you mean 'majority'"),
        (lambda: Consensus(agreement=1.2), "Consensus.agreement=1.2: give a fraction from 0 to 1"),
        (lambda: Consensus(agreement=math.nan), "Consensus.agreement=nan"),
        (lambda: Consensus(least_items=0), "Consensus.least_items=0: give a whole number from 1"),
        (lambda: Patterns(least=1), "Patterns.least=1: give a whole number from 2"),
        (lambda: Patterns(false_share=0), "Patterns.false_share=0"),
        (lambda: wrongly(Resolve)("recent"), "Resolve.rule='recent': did you mean 'recency'"),
        (lambda: wrongly(Resolve)(by_field={"x": "humn"}), r"Resolve.by_field\[x\]='humn': did you mean 'human'"),
        (lambda: Resolve("trust"), "Resolve.trust={}: give the rule 'trust' a trust"),
        (lambda: Resolve(trust={"a": 0.0, "b": 0}), "Resolve.trust=.*: give at least one specialist more than 0"),
        (lambda: Resolve(trust={"a": 2}), r"Resolve.trust\[a\]=2"),
        (
            lambda: wrongly(Hierarchical)({"t": "wieghted"}),
            r"Hierarchical.by_type\[t\]='wieghted': did you mean 'weighted'",
        ),
        (lambda: wrongly(Hierarchical)(overall="hierarchical"), "Hierarchical.overall='hierarchical'"),
        (lambda: WeightPolicy(quality_share=0, speed_share=0), "give quality_share or speed_share above 0"),
        (lambda: wrongly(merge)([], interval="boot"), "interval='boot': did you mean 'bootstrap'"),
        (lambda: merge([Scored("a", "s", 1, math.nan)]), r"results\[a\].quality=nan: give 0 to 1"),
        (lambda: merge([Scored("a", "s", 1, 1.5)]), r"results\[a\].quality=1.5"),
        (lambda: merge([Scored("a", "s", 1, seconds=-1)]), r"results\[a\].seconds=-1: give seconds from 0"),
        (lambda: merge([Scored("a", "s", 1), Scored("a", "s", 2)]), "results='a': give each branch once"),
        (lambda: merge([], awaited), "merge=<function awaited.*: give a plain function of .*, not an async one"),
        (lambda: as_result(merge([])), "merged='no data': give a merged result that has a value"),
    ],
)
def test_options_out_of_their_bounds_name_the_field_and_the_mend(make: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (math.nan, "merged is nan: return a number, or None"),
        ({"x": [1, math.inf]}, r"merged.x\[1\] is inf"),
        (Made(1, {"score": math.nan}), "metadata.score is nan"),
        (Made(1, weights={"a": 0.0, "b": 0.0}), "Made.weights: they sum to 0: give at least one branch"),
        (Made(1, weights={"a": 1.0}), "Made.weights: b: give each branch of the results one weight"),
        (Made(1, weights={"a": 1.0, "b": -1.0}), "Made.weights.b=-1.0: give a number from 0"),
        (Made(1, weights={"a": 1.0, "b": math.nan}), "Made.weights.b=nan"),
    ],
)
def test_what_a_users_strategy_must_not_return(made: Any, message: str) -> None:
    with pytest.raises(ResultError, match=message):
        merge(results(1, 2), lambda ordered, weights: made)


def test_weights_of_a_strategy_of_ones_own_are_what_the_attribution_says() -> None:
    merged = merge(results(1, 2, qualities=[0.2, 0.8]), lambda ordered, weights: Made(1, weights={"a": 3, "b": 1}))
    assert [(row["branch_id"], row["weight"]) for row in merged["attribution"]] == [("a", 0.75), ("b", 0.25)]
    assert merged["quality"] == pytest.approx(0.35)  # 0.75 * 0.2 + 0.25 * 0.8


def test_without_the_extra_dawid_skene_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'langgraph-quorum\[consensus\]'"):
        Consensus("dawid_skene")
    assert Consensus("majority").method == "majority"
