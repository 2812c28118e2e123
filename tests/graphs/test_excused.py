"""A branch that is excused is asked of nobody: no count, point, group or recovery waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from langgraph_quorum import Answer, Branch, Specialist, SyncPolicy
from tests.graphs.played import Play, decision_of, item, play
from tests.graphs.ways import ALL, CONDITIONS, NO_RECOVERY, asked, excused, one_way

pytestmark = pytest.mark.looptime


async def test_an_excused_branch_is_not_counted_in_any_figure_of_the_decision() -> None:
    work = [asked("left"), one_way("left"), one_way("right")]
    result = await play(Play(), work, ALL, conditions=CONDITIONS)
    decision = decision_of(result, "main")
    assert (decision["reason"], decision["status"], decision["progress"]) == ("all_done", "proceed", 1.0)
    assert (decision["completed"], decision["remaining"]) == (["asked", "left"], [])
    assert decision["excused"] == ["right"]
    why = [line["why"] for line in result["timeline"] if line["event"] == "decided"]
    assert why == ["2 of 2 succeeded, 1 excused after 3.00 s: every branch had ended"]


async def test_an_excused_branch_lowers_what_the_threshold_asks_for_while_others_still_run() -> None:
    # 60 % of five are 3, of the four that are left 3, of three 2: a and asked are the quorum once two are excused
    work = [asked("up"), item("a", 1), one_way("left"), one_way("right"), item("slow", 50)]
    result = await play(Play(), work, SyncPolicy(threshold=0.6, grace_s=0), conditions=CONDITIONS)
    decision = decision_of(result, "main")
    assert (decision["reason"], decision["remaining"]) == ("quorum_met", ["slow"])
    assert decision["seconds"] == pytest.approx(1, abs=0.01)


async def test_a_point_whose_branches_were_all_excused_asks_for_nothing() -> None:
    stage = Play()
    point = SyncPolicy(name="p", branches=("a", "b"), minimum=2, must=("a",), threshold=1.0)
    work = [
        item("a", when="never"),
        item("b", when="never"),
        item("only", depends_on=["p"]),
        item("both", depends_on=["p", "x"]),
        item("x", 1),
    ]
    result = await play(stage, work, [point, ALL], conditions=CONDITIONS)
    assert excused(result) == ["a", "b", "only"]
    assert stage.inputs["both"]["x"] == "player"
    assert result["status"] == "approved"


async def test_a_branch_that_must_be_among_the_successes_need_not_when_it_is_excused() -> None:
    stage = Play()
    point = SyncPolicy(name="p", branches=("a", "b", "slow"), must=("a",), threshold=0.5, grace_s=0)
    work = [item("a", when="never"), item("b", 2), item("slow", 50), item("next", depends_on=["p"])]
    result = await play(stage, work, [point, ALL], conditions=CONDITIONS)
    assert decision_of(result, "p")["reason"] == "quorum_met"
    assert stage.starts("next") == [2.0]
    assert (result["status"], result["findings"][-1]["severity"]) == ("approved", "info")


async def test_a_minimum_is_a_count_of_successes_whoever_was_excused() -> None:
    work = [item("a", when="never"), item("b"), item("c")]
    result = await play(Play(), work, SyncPolicy(minimum=3), conditions=CONDITIONS)
    assert result["status"] == "failed"
    assert result["error"]["message"].startswith("2 of 2 branches succeeded, at least 3 must")


async def test_an_excused_branch_is_not_sent_out_again() -> None:
    asked_for: list[Mapping[str, Any]] = []

    def never(inputs: Mapping[str, Any]) -> bool:
        asked_for.append(inputs)
        return False

    work = [item("a", when="never"), item("b", fail=1)]
    result = await play(Play(), work, ALL, conditions={"never": never})
    assert (result["branches"]["b"]["round"], result["status"]) == (1, "approved")
    assert asked_for == [{}]


async def test_what_joins_an_excused_branch_with_one_that_is_mended_is_sent_out_again_too() -> None:
    stage = Play()
    point = SyncPolicy(name="p", branches=("b", "left"), must=("left",), minimum=1)
    work = [
        item("left", when="never"),
        item("b", fail=1),
        item("c", fail=1),
        item("join", depends_on=["left", "c"]),
        item("after", depends_on=["p"]),
    ]
    result = await play(stage, work, [point, ALL], conditions=CONDITIONS)
    assert (stage.inputs["join"], stage.inputs["after"]) == ({"c": "player"}, {"p": {"b": "player"}})
    assert result["status"] == "approved"


async def test_a_group_whose_branches_were_all_excused_needs_no_result() -> None:
    work = [item("a", group="x.md"), item("b", when="never", group="y.md")]
    result = await play(Play(), work, ALL, conditions=CONDITIONS)
    assert (result["status"], [finding["check"] for finding in result["findings"]]) == ("approved", ["quality"])


async def test_of_branches_that_results_ask_for_later_those_without_a_base_do_not_run() -> None:
    async def grow(branch: Branch) -> Answer:
        asks: Any = [item(f"on-{base}", depends_on=[base]) for base in ("out", "bad", "fine")]
        return Answer("grown", work=asks)

    stage = Play()
    work = [item("out", when="never"), item("bad", broken=True), item("fine"), {"branch_id": "g", "specialist": "grow"}]
    crew = [stage.player(), Specialist("grow", grow)]
    result = await play(stage, work, SyncPolicy(threshold=0.1), crew=crew, conditions=CONDITIONS, recovery=NO_RECOVERY)
    records = result["branches"]
    assert {name: (one["status"], one["excused"]) for name, one in records.items() if "/" in name} == {
        "g/on-out": ("skipped", True),
        "g/on-bad": ("skipped", False),
        "g/on-fine": ("succeeded", False),
    }
    assert records["g/on-out"]["reason"] == "all its prerequisites were excused"
    assert records["g/on-bad"]["reason"] == "its prerequisite bad did not succeed"
    assert stage.inputs["g/on-fine"] == {"fine": "player"}
