"""Conditional branches: a condition that says no excuses its branch, and what can only follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from langgraph_quorum import SyncPolicy
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from tests.graphs.played import Play, decision_of, item, play
from tests.graphs.running import statuses
from tests.graphs.ways import ALL, CONDITIONS, asked, excused, one_way

pytestmark = pytest.mark.looptime


async def test_of_two_ways_one_is_taken_and_what_joins_them_gets_its_result() -> None:
    stage = Play()
    work = [asked("left"), one_way("left"), one_way("right"), item("join", depends_on=["left", "right"])]
    result = await play(stage, work, ALL, conditions=CONDITIONS)
    assert stage.inputs["join"] == {"left": "player"}
    assert (statuses(result)["right"], excused(result)) == ("skipped", ["right"])
    assert result["branches"]["right"]["reason"] == "its condition 'right' said no"
    assert (result["status"], result["partial"], result["failed"]) == ("approved", False, [])


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
