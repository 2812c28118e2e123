"""Conditional branches: a condition that says no excuses its branch, and what can only follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from langgraph_quorum import Answer, Branch, Specialist, SyncPolicy
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.played import Item, Play, decision_of, item, play
from tests.graphs.running import statuses

pytestmark = pytest.mark.looptime

ALL = SyncPolicy(threshold=1.0, deadline_s=1000)
NO_RECOVERY = RecoveryPolicy(rounds=0)


def is_left(inputs: Mapping[str, Any]) -> bool:
    return bool(inputs["asked"] == "left")


def is_right(inputs: Mapping[str, Any]) -> bool:
    return bool(inputs["asked"] == "right")


CONDITIONS: dict[str, Any] = {
    "left": is_left,
    "right": is_right,
    "never": lambda inputs: False,
    "always": lambda inputs: True,
    "broken": lambda inputs: inputs["nobody"],
    "enough": lambda inputs: len(inputs["votes"]) >= 2,
}


def asked(answer: str) -> Item:
    return item("asked", 1, answer=answer)


def one_way(way: str) -> Item:
    return item(way, 2, when=way, depends_on=["asked"])


def excused(result: dict[str, Any]) -> list[str]:
    return sorted(name for name, record in result["branches"].items() if record["excused"])


async def test_of_two_ways_one_is_taken_and_what_joins_them_gets_its_result() -> None:
    stage = Play()
    work = [asked("left"), one_way("left"), one_way("right"), item("join", depends_on=["left", "right"])]
    result = await play(stage, work, ALL, conditions=CONDITIONS)
    assert stage.inputs["join"] == {"left": "player"}
    assert (statuses(result)["right"], excused(result)) == ("skipped", ["right"])
    assert result["branches"]["right"]["reason"] == "its condition 'right' said no"
    assert (result["status"], result["partial"], result["failed"]) == ("approved", False, [])


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


async def test_what_follows_only_from_excused_branches_is_excused_down_the_chain() -> None:
    stage = Play()
    work = [
        asked("left"),
        one_way("right"),
        item("second", depends_on=["right"]),
        item("third", depends_on=["second", "right"]),
        item("join", depends_on=["third", "asked"]),
    ]
    result = await play(stage, work, ALL, conditions=CONDITIONS)
    assert excused(result) == ["right", "second", "third"]
    assert result["branches"]["third"]["reason"] == "all its prerequisites were excused"
    assert stage.inputs["join"] == {"asked": "left"}
    assert result["status"] == "approved"


async def test_what_joins_an_excused_and_a_failed_branch_is_skipped_and_that_is_a_failure() -> None:
    stage = Play()
    work = [asked("left"), item("left", broken=True), one_way("right"), item("join", depends_on=["left", "right"])]
    result = await play(stage, work, ALL, conditions=CONDITIONS)
    assert result["branches"]["join"]["reason"] == "its prerequisite left did not succeed"
    assert excused(result) == ["right"]
    assert (result["status"], sorted(result["failed"])) == ("partial", ["join", "left"])


async def test_a_condition_is_asked_once_with_all_inputs_when_the_prerequisites_are_done() -> None:
    seen: list[dict[str, Any]] = []

    def look(inputs: Mapping[str, Any]) -> bool:
        seen.append(dict(inputs))
        return True

    stage = Play()
    work = [item("a", 1), item("b", 3), item("c", depends_on=["a", "b"], when="look")]
    await play(stage, work, ALL, conditions={"look": look})
    assert seen == [{"a": "player", "b": "player"}]
    assert stage.starts("c") == [3.0]


async def test_a_condition_can_look_at_what_a_sync_point_gathered() -> None:
    stage = Play()
    votes = SyncPolicy(name="votes", branches=("v1", "v2", "v3"), threshold=0.3, deadline_s=10)
    work = [item("v1"), item("v2"), item("v3", broken=True), item("act", depends_on=["votes"], when="enough")]
    result = await play(stage, work, [votes, ALL], conditions=CONDITIONS)
    assert stage.inputs["act"] == {"votes": {"v1": "player", "v2": "player"}}
    assert statuses(result)["act"] == "succeeded"


async def test_a_condition_that_raises_fails_its_branch_for_good_and_says_which_it_was() -> None:
    stage = Play()
    work = [item("a"), item("b", when="broken"), item("c", depends_on=["b"])]
    result = await play(stage, work, ALL, conditions=CONDITIONS)
    record = result["branches"]["b"]
    assert (record["status"], record["excused"]) == ("failed", False)
    assert record["reason"] == "its condition 'broken' raised KeyError: 'nobody'"
    assert record["error"] == {"type": "ConditionError", "message": record["reason"], "transient": False}
    assert statuses(result)["c"] == "skipped"
    assert (stage.calls["b"], len(result["sync"])) == (0, 1)  # not asked again: the inputs would be the same


async def test_a_run_in_which_everything_was_excused_has_no_result_and_fails() -> None:
    work = [item("a", when="never"), item("b", depends_on=["a"])]
    result = await play(Play(), work, ALL, conditions=CONDITIONS)
    assert (result["status"], result["verdict"]) == ("failed", "critical_failure")
    assert result["error"]["message"] == "no branch has given a result: all were excused"
    assert decision_of(result, "main")["status"] == "proceed"


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
    point = SyncPolicy(name="p", branches=("a", "b"), must=("a",), threshold=0.5, grace_s=0)
    work = [item("a", when="never"), item("b", 2), item("next", depends_on=["p"])]
    result = await play(stage, work, [point, ALL], conditions=CONDITIONS)
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


# -- wrong input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({}, "branch 'a': when='lefft': the workflow has no conditions: give it one of this name"),
        (CONDITIONS, "branch 'a': when='lefft': there is no condition of this name: did you mean 'left'?"),
    ],
    ids=["none", "another"],
)
async def test_an_unknown_condition_is_refused_by_name_before_anything_starts(
    conditions: dict[str, Any], message: str
) -> None:
    stage = Play()
    with pytest.raises(PlanError) as refused:
        await play(stage, [item("b"), item("a", when="lefft")], ALL, conditions=conditions)
    assert str(refused.value) == message
    assert not stage.calls


async def asynchronous(inputs: Mapping[str, Any]) -> bool:
    return True


@pytest.mark.parametrize("condition", [asynchronous, "left", None])
async def test_a_condition_that_cannot_be_asked_is_refused_when_the_workflow_is_built(condition: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"conditions\['odd'\]=.*: give a plain function of a branch's inputs"):
        await play(Play(), [item("a")], ALL, conditions={"odd": condition})
