"""Composed work: what the builders make, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum import SyncPolicy
from langgraph_quorum.graphs.composition import map_reduce, pipeline, scatter, scatter_gather, tiers, tree_reduce
from langgraph_quorum.graphs.composition_policies import sync_over
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import WorkItem
from tests.graphs.composing import ids, waits


def test_payloads_are_scattered_under_their_numbers_or_their_names() -> None:
    assert scatter("reader", [{"n": 1}, {"n": 2}], name="read") == [
        {"branch_id": "read/0", "specialist": "reader", "payload": {"n": 1}},
        {"branch_id": "read/1", "specialist": "reader", "payload": {"n": 2}},
    ]
    assert ids(scatter("reader", {"a.md": {}, "b.md": {}}, name="read")) == ["read/a.md", "read/b.md"]
    assert scatter("reader", [], name="read") == []


def test_a_work_item_in_place_of_a_name_says_more_about_every_branch() -> None:
    worker: WorkItem = {"type": "text", "priority": "high", "depends_on": ["key"], "payload": {"lang": "en", "n": 0}}
    (item,) = scatter(worker, [{"n": 1}], name="read", depends_on=["door", "key"])
    assert item == {
        "branch_id": "read/0",
        "type": "text",
        "priority": "high",
        "payload": {"lang": "en", "n": 1},  # a branch's own payload wins
        "depends_on": ["door", "key"],
    }
    assert worker["depends_on"] == ["key"]
    assert worker["payload"] == {"lang": "en", "n": 0}


def test_a_stage_of_a_pipeline_waits_for_the_one_before() -> None:
    work = pipeline(["a", "b", "c"], {"n": 1}, name="line", depends_on=["start"])
    assert waits(work) == {"line/0": ["start"], "line/1": ["line/0"], "line/2": ["line/1"]}
    assert [item.get("payload") for item in work] == [{"n": 1}, None, None]


def test_what_is_gathered_or_reduced_is_waited_for_or_its_sync_point_is() -> None:
    work = scatter_gather(["a", "b"], "chair", {"n": 1}, name="panel")
    assert waits(work) == {
        "panel/scatter/0": [],
        "panel/scatter/1": [],
        "panel/gather": ["panel/scatter/0", "panel/scatter/1"],
    }
    assert [item.get("payload") for item in work] == [{"n": 1}, {"n": 1}, None]
    work = map_reduce("m", "r", {"x": {}, "y": {}}, name="sum", point="mapped")
    assert waits(work) == {"sum/map/x": [], "sum/map/y": [], "sum/reduce": ["mapped"]}


@pytest.mark.parametrize(
    ("leaves", "fan_in", "reducers"),
    [
        (1, 2, {"t": ["x/0"]}),
        (3, 3, {"t": ["x/0", "x/1", "x/2"]}),
        (4, 3, {"t/1/0": ["x/0", "x/1", "x/2"], "t": ["t/1/0", "x/3"]}),  # x/3 goes up as it is
        (
            10,
            3,
            {
                "t/1/0": ["x/0", "x/1", "x/2"],
                "t/1/1": ["x/3", "x/4", "x/5"],
                "t/1/2": ["x/6", "x/7", "x/8"],
                "t/2/0": ["t/1/0", "t/1/1", "t/1/2"],
                "t": ["t/2/0", "x/9"],
            },
        ),
    ],
)
def test_a_tree_reduces_in_groups_until_one_is_left(leaves: int, fan_in: int, reducers: dict[str, list[str]]) -> None:
    work = scatter("x", [{}] * leaves, name="x")
    assert waits(tree_reduce("r", work, name="t", fan_in=fan_in)) == reducers


@given(leaves=st.integers(1, 60), fan_in=st.integers(2, 9))
def test_every_result_goes_into_a_tree_exactly_once_and_no_reducer_gets_too_many(leaves: int, fan_in: int) -> None:
    work = scatter("x", [{}] * leaves, name="x")
    reducers = tree_reduce("r", work, name="t", fan_in=fan_in)
    taken = [name for item in reducers for name in item["depends_on"]]
    assert sorted(taken) == sorted([*ids(work), *ids(reducers)[:-1]])
    assert max(len(item["depends_on"]) for item in reducers) <= fan_in
    assert ids(reducers)[-1] == "t"


def test_a_whole_number_of_results_may_be_written_as_a_float() -> None:
    two: Any = 2.0  # as JSON from elsewhere may have it
    work = scatter("x", [{}] * 3, name="x")
    assert tree_reduce("r", work, name="t", fan_in=two) == tree_reduce("r", work, name="t", fan_in=2)


def test_a_tier_waits_for_the_ends_of_the_one_before_and_keeps_its_own_order() -> None:
    first, second = pipeline(["a", "b"], name="one"), scatter("c", [{}, {}], name="two")
    third = pipeline(["d", "e"], name="three")
    assert waits(tiers([first, second, third])) == {
        "one/0": [],
        "one/1": ["one/0"],
        "two/0": ["one/1"],
        "two/1": ["one/1"],
        "three/0": ["two/0", "two/1"],
        "three/1": ["three/0"],
    }
    assert waits(tiers([first, second], points=["enough"]))["two/0"] == ["enough"]
    assert "depends_on" not in second[0]


def test_a_sync_point_over_work_counts_what_does_not_wait_for_it() -> None:
    work = map_reduce("m", "r", [{}, {}], name="sum", point="mapped")
    work += pipeline(["report"], name="report", depends_on=["sum/reduce"])
    policy = sync_over(work, name="mapped", threshold=0.5)
    assert policy == SyncPolicy(name="mapped", branches=("sum/map/0", "sum/map/1"), threshold=0.5)
    with pytest.raises(ConfigurationError, match="that do not wait for sync point 'mapped'"):
        sync_over(work[2:], name="mapped")


def test_what_is_made_is_json() -> None:
    work = map_reduce("m", {"type": "r", "when": "any"}, {"x": {"n": 1}}, name="sum", fan_in=2)
    assert json.loads(json.dumps(work)) == work


NO_NAME: Any = 7
NO_DICT: Any = ["n"]
TEXT: Any = "key"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: scatter("a", [{}], name=""), "name='': give a non-empty string"),
        (lambda: pipeline(["a"], name=NO_NAME), "name=7: give a non-empty string"),
        (lambda: scatter("a", "text", name="x"), "payloads='text': give a list of dicts"),  # type: ignore[arg-type]
        (lambda: scatter("a", ["text"], name="x"), "payload of x/0='text': give a dict"),  # type: ignore[list-item]
        (lambda: scatter("", [{}], name="x"), "worker of x/0='': give a specialist's name"),
        (lambda: scatter({"priority": "high"}, [{}], name="x"), "with a 'specialist' or a 'type'"),
        (lambda: scatter({"specialist": "a", "branch_id": "b"}, [{}], name="x"), "without a 'branch_id'"),
        (lambda: scatter("a", [{}], name="x", depends_on="b"), "depends_on='b': give a list"),
        (lambda: pipeline([], name="x"), r"stages=\[\]: give a list with at least one"),
        (lambda: pipeline("abc", name="x"), "stages='abc': give a list with at least one"),
        (lambda: scatter_gather([], "g", name="x"), r"workers=\[\]: give a list with at least one"),
        (lambda: map_reduce("m", "r", [], name="x"), r"payloads=\[\]: give a list with at least one"),
        (lambda: map_reduce("m", "r", [{}], name="x", fan_in=1), "fan_in=1: give a whole number from 2"),
        (lambda: map_reduce("m", "r", [{}], name="x", fan_in=2, point="p"), "fan_in=2: leave it out, or leave out"),
        (lambda: tree_reduce("r", [], name="x", fan_in=2), r"work=\[\]: give a list"),
        (lambda: tree_reduce("r", [{"type": "t"}], name="x", fan_in=2), "give each item a 'branch_id'"),
        (lambda: tree_reduce("r", ["a"], name="x", fan_in=2), "work='a': give each item a 'branch_id'"),  # type: ignore[list-item]
        (lambda: sync_over([{"type": "t"}], name="p"), "give each item a 'branch_id'"),
        (lambda: scatter({"type": "t", "payload": NO_DICT}, [{}], name="x"), r"payload of x/0=\['n'\]: give a dict"),
        (lambda: scatter({"type": "t", "depends_on": TEXT}, [{}], name="x"), "depends_on='key': give a list"),
        (lambda: tiers([[{"branch_id": "a"}], [{"branch_id": "b", "depends_on": TEXT}]]), "depends_on='key': give a"),
        (lambda: tiers([scatter("a", [{}], name="x"), []]), r"work\[1\]=\[\]: give a list with at least one"),
        (lambda: tiers([scatter("a", [{}], name="x")], points=["p"]), "give 0 names: one for each tier but the last"),
    ],
)
def test_a_wrong_argument_is_refused_with_the_mend(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        build()
