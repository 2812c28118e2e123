"""When a label is decided: those that have not answered can change it no more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langgraph_quorum import Branch, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.nodes.merging.label_record import LabelRecord
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus
from langgraph_quorum.state.errors import ConfigurationError

NAMES = ["a", "b", "c", "d", "e"]
LABELS = ["x", "y", "z", "new", "newer"]
labels = st.sampled_from(LABELS)
pairs = st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("xyz")), min_size=1, max_size=30)
records = st.fixed_dictionaries(dict.fromkeys(NAMES, pairs)).map(LabelRecord)


def merged(strategy: Consensus, said: Mapping[str, str]) -> Any:
    return merge([Scored(name, name, label) for name, label in said.items()], strategy)["value"]


@settings(max_examples=60, deadline=None)
@given(
    st.none() | records,
    st.lists(labels, min_size=5, max_size=5),
    st.lists(labels | st.none(), min_size=5, max_size=5),
    st.permutations(NAMES),
)
def test_whatever_comes_after_a_label_was_decided_it_stays(
    record: LabelRecord | None, first: list[str], later: list[str | None], order: list[str]
) -> None:
    strategy = Consensus("majority") if record is None else Consensus("log_odds", record=record)
    until, said = strategy.decided(NAMES), dict[str, str]()
    for name, label in zip(order, first, strict=True):
        said[name] = label
        if until(said):
            break
    others = {name: label for name, label in zip(NAMES, later, strict=True) if name not in said and label is not None}
    if until(said):
        assert merged(strategy, {**said, **others}) == merged(strategy, said)


def test_a_majority_is_decided_once_the_rest_cannot_draw_level() -> None:
    until = Consensus("majority").decided(NAMES)
    assert not until({"a": "x", "b": "x"})  # 2 to 0 with three to come
    assert until({"a": "x", "b": "x", "c": "x"})
    assert not until({"a": "x", "b": "x", "c": "y"})  # 2 to 1, two to come
    assert until({"a": "x", "b": "x", "c": "y", "d": "x"})  # 3 to 1, one to come
    assert not Consensus("majority").decided(NAMES, at_least=4)({"a": "x", "b": "x", "c": "x"})
    assert not until({})
    assert not until({"a": "x", "b": "x", "c": "x", "stranger": "x"})


def good_and_poor() -> LabelRecord:
    """One is right in 99 of 100, two in 60."""
    seen = [("x", "x"), ("y", "y")] * 50
    poor = [*seen[:60], *[("y", "x"), ("x", "y")] * 20]
    return LabelRecord({"expert": [*seen[:99], ("y", "x")], "coin": poor, "other coin": poor})


def test_who_knows_decides_alone_and_who_does_not_decides_nothing() -> None:
    until = Consensus("log_odds", record=good_and_poor()).decided(["expert", "coin", "other coin"])
    assert until({"expert": "x"})  # log(0.98 / 0.02) = 3.9 against two that are worth log(0.6 / 0.4) = 0.4 each
    assert not until({"coin": "x", "other coin": "x"})


def test_every_field_that_is_named_must_be_decided() -> None:
    until = Consensus("majority").decided(["a", "b", "c"], "risk", "team.name")
    assert until({"a": {"risk": 1, "team": {"name": "p"}}, "b": {"risk": 1, "team": {"name": "p"}}})
    assert not until({"a": {"risk": 1, "team": {"name": "p"}}, "b": {"risk": 1, "team": {"name": "q"}}})
    assert not until({"a": {"risk": 1}, "b": {"risk": 1}})
    assert not until({"a": {"risk": {}, "team": "p"}, "b": {"risk": 1, "team": {"name": "p"}}})


@pytest.mark.looptime
async def test_a_workflow_goes_on_when_its_label_is_decided() -> None:
    strategy = Consensus("log_odds", record=good_and_poor())
    seconds = {"coin": 1.0, "expert": 2.0, "other coin": 60.0}

    async def labelled(branch: Branch) -> dict[str, Any]:
        await asyncio.sleep(seconds[branch.branch_id])
        return {"label": "y" if branch.branch_id == "coin" else "x"}

    crew = [Specialist(name, labelled) for name in seconds]
    policy = SyncPolicy(threshold=1.0, until=strategy.decided(list(seconds), "label"))
    out = await build_workflow(crew, policy, strategy).compile().ainvoke({"task": "Which?"})
    assert (out["result"], out["sync"][0]["reason"]) == ({"label": "x"}, "decisive")
    assert out["branches"]["other coin"]["status"] == "cut"


@pytest.mark.parametrize(
    ("strategy", "arguments", "told"),
    [
        (Consensus(), {}, "Consensus.method='weighted': give 'majority', or 'log_odds' with a record"),
        (Consensus("log_odds"), {}, "Consensus.method='log_odds': give 'majority', or 'log_odds' with a record"),
        (Consensus("log_odds", record=good_and_poor(), own_quality=True), {}, "Consensus.own_quality=True: give False"),
        (Consensus("log_odds", record=good_and_poor()), {}, "decided.branches='a': name specialists that the record"),
        (Consensus("majority"), {"at_least": 0}, "decided.at_least=0: give a whole number from 1"),
        (Consensus("majority"), {"at_least": 6}, "decided.at_least=6: give a whole number from 1 to 5"),
    ],
)
def test_what_cannot_be_decided_beforehand_is_refused(strategy: Consensus, arguments: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        strategy.decided(NAMES, **arguments)
    assert told in str(caught.value)
