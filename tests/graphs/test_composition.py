"""Composed work: what the builders make, and how it runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum import Answer, Branch, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.composition import map_reduce, pipeline, scatter, scatter_gather, tiers, tree_reduce
from langgraph_quorum.graphs.composition_policies import result_of, sync_over
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from langgraph_quorum.state.records import WorkItem
from tests.graphs.running import FIXED, PATIENT, Crew, run, statuses


def ids(work: list[WorkItem]) -> list[str]:
    return [item["branch_id"] for item in work]


def waits(work: list[WorkItem]) -> dict[str, list[str]]:
    return {item["branch_id"]: item.get("depends_on", []) for item in work}


# -- what they make ---------------------------------------------------------------------------------------------------


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


# -- how it runs ------------------------------------------------------------------------------------------------------


async def composed(*specialists: Specialist, work: list[WorkItem], **settings: Any) -> dict[str, Any]:
    given: Any = work
    return await run(*specialists, work=given, **settings)


class Counting(Crew):
    """A mapper that takes as long as its payload says, and a reducer that sums."""

    def mapper(self, **settings: Any) -> Specialist:
        async def counts(branch: Branch) -> dict[str, int]:
            self._note(branch)
            await asyncio.sleep(branch.payload.get("takes_s", 1))
            return {"sum": branch.payload["n"]}

        return Specialist("mapper", counts, **settings)

    def reducer(self, point: str = "") -> Specialist:
        async def sums(branch: Branch) -> dict[str, int]:
            self._note(branch)
            results = branch.inputs[point] if point else branch.inputs
            return {"sum": sum(result["sum"] for result in results.values())}

        return Specialist("reducer", sums)


@pytest.mark.looptime
async def test_a_map_reduce_gives_the_reduced_result() -> None:
    crew = Counting()
    work = map_reduce("mapper", "reducer", [{"n": n} for n in range(5)], name="count")
    sync = SyncPolicy(must=("count/reduce",))
    graph = build_workflow([crew.mapper(), crew.reducer()], sync, result_of("count/reduce"), "parallel").compile()
    out = await graph.ainvoke({"task": "x", "work": work}, context=FIXED)
    assert out["result"] == {"sum": 10}  # 0 + 1 + 2 + 3 + 4
    assert out["status"] == "approved"


@pytest.mark.looptime
async def test_a_reduce_starts_when_its_sync_point_has_enough_while_a_mapper_still_runs() -> None:
    crew = Counting()
    payloads = {"a": {"n": 1}, "b": {"n": 2}, "c": {"n": 4}, "slow": {"n": 8, "takes_s": 100}}
    work = map_reduce("mapper", "reducer", payloads, name="count", point="mapped")
    mapped = sync_over(work, name="mapped", threshold=0.75, grace_s=2, on_straggler="harvest")
    sync = [mapped, SyncPolicy(must=("count/reduce",))]
    workflow = build_workflow([crew.mapper(), crew.reducer("mapped")], sync, result_of("count/reduce"), "parallel")
    out = await workflow.compile().ainvoke({"task": "x", "work": work}, context=FIXED)
    assert out["result"] == {"sum": 7}  # 1 + 2 + 4
    reduce = out["branches"]["count/reduce"]
    assert reduce["waited_s"] == pytest.approx(3)  # three answers after 1 s, then the grace
    assert out["branches"]["count/map/slow"]["status"] == "cut"
    assert {decision["point"]: decision["reason"] for decision in out["sync"]} == {
        "mapped": "grace_expired",
        "main": "all_done",
    }
    assert out["pending"] == ["count/map/slow"]


@pytest.mark.looptime
async def test_ten_results_are_reduced_three_at_a_time() -> None:
    crew = Counting()
    work = map_reduce("mapper", "reducer", [{"n": n} for n in range(10)], name="count", fan_in=3)
    out = await composed(crew.mapper(), crew.reducer(), work=work)
    assert out["branches"]["count/reduce"]["result"] == {"sum": 45}
    assert crew.calls.total() == 15  # 10 mapped, 3 + 1 + 1 reduced


@pytest.mark.looptime
async def test_a_group_of_a_tree_is_reduced_while_others_are_still_mapped() -> None:
    crew = Counting()
    payloads = [{"n": 1}, {"n": 1}, {"n": 1, "takes_s": 50}, {"n": 1}]
    work = map_reduce("mapper", "reducer", payloads, name="count", fan_in=2)
    out = await composed(crew.mapper(), crew.reducer(), work=work)
    assert {name: out["branches"][f"count/reduce{name}"]["waited_s"] for name in ("/1/0", "/1/1", "")} == pytest.approx(
        {"/1/0": 1, "/1/1": 50, "": 50}
    )


@pytest.mark.looptime
async def test_each_stage_of_a_pipeline_works_on_the_result_of_the_one_before() -> None:
    async def adds(branch: Branch) -> int:
        await asyncio.sleep(1)
        (before,) = branch.inputs.values() if branch.inputs else [branch.payload["n"]]
        return int(before) + int(branch.payload.get("more", 1))

    work = pipeline(["adder", {"specialist": "adder", "payload": {"more": 10}}, "adder"], {"n": 5}, name="line")
    out = await composed(Specialist("adder", adds), work=work)
    assert [out["branches"][f"line/{number}"]["result"] for number in range(3)] == [6, 16, 17]
    assert out["branches"]["line/2"]["settled_s"] == pytest.approx(3)


@pytest.mark.looptime
async def test_what_comes_after_a_stage_that_fails_is_skipped() -> None:
    crew = Crew()
    work = pipeline(["good", "bad", "good", "good"], name="line")
    sync = SyncPolicy(threshold=0.25)
    out = await composed(crew.sleeps("good", 1), crew.fails("bad", ValueError("no")), work=work, sync=sync)
    assert list(statuses(out).values()) == ["succeeded", "failed", "skipped", "skipped"]
    assert crew.calls == {"line/0": 1, "line/1": 1}


@pytest.mark.looptime
@pytest.mark.parametrize("mode", ["parallel", "sequential"])
async def test_tiers_run_one_after_the_other_and_their_branches_as_the_mode_says(mode: Any) -> None:
    crew = Crew()
    work = tiers([scatter("s", [{}, {}], name=name) for name in ("urgent", "normal", "late")])
    out = await composed(crew.sleeps("s", 2), work=[*reversed(work)], mode=mode)
    began = {name: out["branches"][name]["waited_s"] for name in ids(work)}
    expected = [0, 0, 2, 2, 4, 4] if mode == "parallel" else [0, 2, 4, 6, 8, 10]
    assert sorted(began.values()) == pytest.approx(expected)
    for before, after in (("urgent", "normal"), ("normal", "late")):
        assert max(began[f"{before}/{n}"] for n in (0, 1)) < min(began[f"{after}/{n}"] for n in (0, 1))


@pytest.mark.looptime
async def test_a_tier_behind_a_sync_point_starts_when_enough_of_the_one_before_is_in() -> None:
    crew = Crew()
    first = scatter("s", [{}] * 2, name="first") + scatter("slow", [{}], name="slow")
    work = tiers([first, scatter("s", [{}], name="second")], points=["enough"])
    sync = [sync_over(first, name="enough", threshold=0.6, grace_s=0), SyncPolicy()]
    graph = build_workflow([crew.sleeps("s", 1), crew.sleeps("slow", 60)], sync, "merge_all", "parallel").compile()
    out = await graph.ainvoke({"task": "x", "work": work}, context=FIXED)
    assert out["branches"]["second/0"]["waited_s"] == pytest.approx(1)
    assert list(out["branches"]["second/0"]["result"]["inputs"]["enough"]) == ["first/0", "first/1"]


@pytest.mark.looptime
async def test_the_results_of_one_phase_can_ask_for_a_composed_next_one() -> None:
    crew = Counting()

    async def plans(branch: Branch) -> Answer:
        found = [{"n": n} for n in branch.payload["found"]]
        return Answer({"found": len(found)}, work=map_reduce("mapper", "reducer", found, name="count", fan_in=2))

    work: list[WorkItem] = [{"branch_id": "plan", "specialist": "planner", "payload": {"found": [1, 2, 4]}}]
    out = await composed(Specialist("planner", plans), crew.mapper(), crew.reducer(), work=work)
    assert out["branches"]["plan/count/reduce"]["result"] == {"sum": 7}
    assert out["branches"]["plan/count/reduce"]["round"] == 1


@pytest.mark.looptime
async def test_a_stage_whose_condition_says_no_excuses_those_that_only_wait_for_it() -> None:
    crew = Crew()
    stages: Any = ["s", {"specialist": "s", "when": "never"}, "s"]
    work = pipeline(stages, name="line")
    out = await composed(crew.sleeps("s", 1), work=work, conditions={"never": lambda inputs: "line/0" not in inputs})
    assert [out["branches"][f"line/{n}"]["excused"] for n in range(3)] == [False, True, True]
    assert out["status"] == "approved"


async def test_composed_work_goes_through_the_same_checks_as_any_other() -> None:
    with pytest.raises(PlanError, match="unknown specialist 'maper'"):
        await composed(Crew().sleeps("mapper", 0), work=scatter("maper", [{}], name="x"), sync=PATIENT)
