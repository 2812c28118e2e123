"""How composed work runs: what starts when, and what comes out in the end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from langgraph_quorum import Answer, Branch, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.composition import map_reduce, pipeline, scatter, tiers
from langgraph_quorum.graphs.composition_policies import result_of, sync_over
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.records import WorkItem
from tests.graphs.composing import Counting, composed, ids
from tests.graphs.running import FIXED, PATIENT, Crew, statuses


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
