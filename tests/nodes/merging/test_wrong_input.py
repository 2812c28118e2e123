"""What is wrong is refused with the field and the mend."""

from __future__ import annotations

import importlib.util
import math
from typing import Any

import pytest

from langgraph_quorum.nodes.merging.label_record import LabelRecord
from langgraph_quorum.nodes.merging.merge import as_result, merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus, Hierarchical, Made, Patterns, Resolve, Weighted
from langgraph_quorum.nodes.merging.suggestion import suggest_strategy
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
        (lambda: Consensus(agreement=10**400), r"Consensus.agreement=10+\.\.\.: give a fraction from 0 to 1"),
        (lambda: Consensus(least_items=0), "Consensus.least_items=0: give a whole number from 1"),
        (lambda: Patterns(least=1), "Patterns.least=1: give a whole number from 2"),
        (lambda: Patterns(false_share=0), "Patterns.false_share=0"),
        (lambda: wrongly(Resolve)("recent"), "Resolve.rule='recent': did you mean 'recency'"),
        (lambda: wrongly(Resolve)(by_field={"x": "humn"}), r"Resolve.by_field\[x\]='humn': did you mean 'human'"),
        (lambda: Resolve("trust"), "Resolve.trust={}: give the rule 'trust' a trust"),
        (lambda: Resolve(trust={"a": 0.0, "b": 0}), "Resolve.trust=.*: give at least one specialist more than 0"),
        (lambda: Resolve(trust={"a": 2}), r"Resolve.trust\[a\]=2"),
        (lambda: wrongly(Resolve)(by_field=5), "Resolve.by_field=5: give a dict of rules by dotted path"),
        (lambda: wrongly(Resolve)(trust=5), "Resolve.trust=5: give a dict of 0 to 1 by specialist"),
        (lambda: wrongly(Resolve)("recency", timestamp=5), "Resolve.timestamp=5: give the dotted name of a field"),
        (lambda: wrongly(Hierarchical)(by_type=5), "Hierarchical.by_type=5: give a dict of strategies by type"),
        (lambda: wrongly(LabelRecord)(5), "observations=5: give a dict of each specialist's pairs"),
        (lambda: wrongly(LabelRecord)({"s": 5}), r"observations\[s\]=5: give a dict of each specialist's pairs"),
        (lambda: wrongly(LabelRecord)({"s": [1]}), r"observations\[s\]=1: give a dict of each specialist's pairs"),
        (
            lambda: wrongly(Hierarchical)({"t": "wieghted"}),
            r"Hierarchical.by_type\[t\]='wieghted': did you mean 'weighted'",
        ),
        (lambda: wrongly(Hierarchical)(overall="hierarchical"), "Hierarchical.overall='hierarchical'"),
        (lambda: WeightPolicy(quality_share=0, speed_share=0), "give quality_share or speed_share above 0"),
        (lambda: wrongly(merge)([], interval="boot"), "interval='boot': did you mean 'bootstrap'"),
        (lambda: merge([Scored("a", "s", 1, math.nan)]), r"results\[0\].quality=nan: give 0 to 1"),
        (lambda: merge([Scored("a", "s", 1, 1.5)]), r"results\[0\].quality=1.5: .*; it is the result of branch 'a'"),
        (lambda: merge([Scored("a", "s", 1, seconds=-1)]), r"results\[0\].seconds=-1: give seconds from 0"),
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


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "results=None: give a list of Scored"),
        ("x", "results='x': give a list of Scored"),
        ({"a": 1}, "results={'a': 1}: give a list of Scored"),
        (Scored("a", "s", 1), r"results=Scored\(.*: give a list of Scored: \[result\]"),
        ([Scored("a", "s", 1), {"a": 1}], r"results\[1\]={'a': 1}: give Scored\("),
        ([Scored("a", "s", 1), None], r"results\[1\]=None: give Scored\("),
        ([wrongly(Scored)(None, "s", 1)], r"results\[0\].branch_id=None: give the name of its branch"),
        ([Scored("", "s", 1)], r"results\[0\].branch_id='': give the name of its branch"),
        ([wrongly(Scored)(3, "s", 1)], r"results\[0\].branch_id=3"),
        ([wrongly(Scored)("a", None, 1)], r"results\[0\].specialist=None"),
        ([wrongly(Scored)("a", "s", 1, "high")], r"results\[0\].quality='high': give 0 to 1"),
        ([Scored("a", "s", 1, True)], r"results\[0\].quality=True: give 0 to 1"),
        ([wrongly(Scored)("a", "s", 1, None, "1")], r"results\[0\].seconds='1': give seconds from 0"),
        ([Scored("a", "s", 1, None, math.inf)], r"results\[0\].seconds=inf: give seconds from 0"),
        ([Scored("a", "s", 1, None, 10**400)], r"results\[0\].seconds='an integer beyond all floats'"),
        ([wrongly(Scored)("a", "s", 1, type=5)], r"results\[0\].type=5"),
        ([wrongly(Scored)("a", "s", 1, group=None)], r"results\[0\].group=None"),
        ([wrongly(Scored)("a", "s", 1, at=5)], r"results\[0\].at=5: give ISO 8601"),
    ],
)
def test_results_that_are_none_name_their_place_and_the_field(given: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        merge(given)


def endless() -> list[Any]:
    held: list[Any] = []
    held.append(held)
    return held


@pytest.mark.parametrize("strategy", ["weighted", "best", "merge_all", "consensus"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, r"results\[1\].value=nan: give a finite number, or None where there is none"),
        ({"p": [1, {"q": math.inf}]}, r"results\[1\].value.p\[1\].q=inf: .*; it is the result of branch 'b'"),
        ({1, 2}, r"results\[1\].value='an instance of set': give JSON"),
        ({"x": object()}, r"results\[1\].value.x='an instance of object': give JSON"),
        ([b"x"], r"results\[1\].value\[0\]='an instance of bytes'"),
        ((1, 2), r"results\[1\].value='an instance of tuple': give JSON: .*lists"),
        ({"x": {1: 2}}, r"results\[1\].value.x='a key of type int': give strings as keys"),
        (10**400, r"results\[1\].value='an integer of 1329 bits': give an integer of up to 64 bits"),
        (endless(), r"results\[1\].value\[0\]\[0\].*: give something nested at most 200 levels"),
    ],
)
def test_a_value_that_is_no_json_is_refused_with_its_path(strategy: Any, value: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        merge([Scored("a", "s", 2), Scored("b", "s", value)], strategy)


def test_an_integer_of_more_digits_than_python_writes_is_told_by_its_size() -> None:
    with pytest.raises(ConfigurationError, match=r"results\[0\].value='an integer of 29898 bits'"):
        merge([Scored("a", "s", 10**9000)])


def test_json_of_subclasses_and_nested_deeply_is_taken() -> None:
    class Named(str):
        __slots__ = ()

    deep: Any = 1
    for _ in range(200):
        deep = {"x": [deep]} if _ < 100 else deep
    assert merge([Scored(Named("a"), "s", {Named("k"): Named("v")}, 1, 0)])["value"] == {"k": "v"}
    assert merge([Scored("a", "s", deep)])["value"] == deep
    assert merge(iter([Scored("a", "s", 1)]))["value"] == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failed", "message"),
    [
        ("dx", "failed='dx': give a list of branch ids"),
        (None, "failed=None: give a list of branch ids"),
        ([1], r"failed\[0\]=1: give a branch id"),
        (["z", "a"], r"failed\[1\]='a': give branches without a result: this one has one"),
    ],
)
def test_what_has_failed_are_names_of_branches_without_a_result(failed: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        merge(results(1, 2), failed=failed)


def test_a_policy_a_task_and_a_merged_result_are_what_they_are_named() -> None:
    with pytest.raises(ConfigurationError, match=r"policy=\{\}: give a WeightPolicy"):
        merge(results(1), policy=wrongly({}))
    with pytest.raises(ConfigurationError, match="task=None: say in words"):
        suggest_strategy(wrongly(None))
    with pytest.raises(ConfigurationError, match="merged=None: give what `merge` has returned"):
        as_result(wrongly(None))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"support": {"x": 5}}, "Made.support.x=5: give a share of weight, 0 to 1"),
        ({"support": {"x": math.nan}}, "support.x is nan"),
        ({"support": ["x"]}, r"Made.support=\['x'\]: give a dict"),
        ({"metadata": "x"}, "Made.metadata='x': give a dict"),
        ({"review": "x"}, "Made.review='x': give a list of sentences"),
        ({"review": [3]}, r"Made.review\[0\]=3: give a sentence"),
        ({"sources": "a"}, "Made.sources='a': give a list of branch ids"),
        ({"sources": ["z"]}, "Made.sources='z': give branches of the results"),
        ({"dissent": [{"field": "x"}]}, r"Made.dissent\[0\]=.*: it has no 'value'"),
        (
            {"dissent": [{"field": "x", "value": 1, "share": 7, "branches": ["a"]}]},
            r"Made.dissent\[0\].share=7: give a share",
        ),
        (
            {"dissent": [{"field": "x", "value": 1, "share": 0.5, "branches": ["z"]}]},
            r"Made.dissent\[0\].branches='z': give branches of the results",
        ),
        ({"discarded": "x"}, "Made.discarded='x': give a list of Discarded"),
        ({"discarded": [{"branch_id": "a", "field": 3, "why": "x"}]}, r"Made.discarded\[0\].field=3: give a string"),
        ({"weights": [1, 2]}, r"Made.weights=\[1, 2\]: give a dict"),
        ({"weights": {"a": 10**400, "b": 1}}, "Made.weights.a=10+: give a number from 0"),
    ],
)
def test_what_a_users_strategy_says_besides_is_of_the_form_of_made(made: Any, message: str) -> None:
    with pytest.raises(ResultError, match=message):
        merge(results(1, 2), lambda ordered, weights: wrongly(Made)(1, **made))


def test_a_share_that_rounding_has_lifted_above_1_is_1() -> None:
    made = merge(results(1, 2), lambda ordered, weights: Made(1, support={"": sum([0.1] * 10) + 3e-16}))
    assert made["support"] == {"": 1.0}


def test_weights_of_a_strategy_of_ones_own_are_what_the_attribution_says() -> None:
    merged = merge(results(1, 2, qualities=[0.2, 0.8]), lambda ordered, weights: Made(1, weights={"a": 3, "b": 1}))
    assert [(row["branch_id"], row["weight"]) for row in merged["attribution"]] == [("a", 0.75), ("b", 0.25)]
    assert merged["quality"] == pytest.approx(0.35)  # 0.75 * 0.2 + 0.25 * 0.8


def test_without_the_extra_dawid_skene_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'langgraph-quorum\[consensus\]'"):
        Consensus("dawid_skene")
    assert Consensus("majority").method == "majority"
