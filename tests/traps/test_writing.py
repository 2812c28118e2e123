"""Keys that the state does not have, and keys that two branches write."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.errors import InvalidUpdateError

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.state.errors import PlanError
from tests.graphs.running import FIXED, Crew, compiled, run
from tests.traps.plain import Named, fan_out, notes_its_name

pytestmark = pytest.mark.looptime


async def test_plain_a_key_that_the_state_does_not_have_is_dropped_from_an_update() -> None:
    async def misspells(state: Named) -> dict[str, Any]:
        return {"dnoe": [state["name"]]}

    assert await fan_out(misspells, "ab").compile().ainvoke({}) == {"done": [], "joined": True}


async def test_ours_keeps_whatever_fields_a_specialist_returns() -> None:
    async def freely(branch: Branch) -> dict[str, Any]:
        return {"findings": [1], "anything": {"else": 2}}

    result = await run(Specialist("a", freely))
    assert result["branches"]["a"]["result"] == {"findings": [1], "anything": {"else": 2}}


async def test_ours_measures_a_field_that_was_expected_and_is_missing() -> None:
    async def misspells(branch: Branch) -> dict[str, Any]:
        return {"findigns": [1], "confidence": 1.0}

    result = await run(Specialist("a", misspells, expects=("findings",), deterministic=True))
    assert result["branches"]["a"]["quality"]["completeness"] == 0


async def test_plain_a_key_that_the_state_does_not_have_is_dropped_from_the_input() -> None:
    assert await fan_out(notes_its_name, "a").compile().ainvoke({"taks": "x"}) == {"done": ["a"], "joined": True}


async def test_ours_refuses_an_input_of_which_nothing_is_left_when_its_unknown_keys_are_dropped() -> None:
    crew = Crew()
    with pytest.raises(PlanError, match=r"nothing to do: give one of .task., .* LangGraph drops"):
        await compiled(crew.sleeps("a", 1)).ainvoke({"taks": "look"}, context=FIXED)
    assert crew.branches == []


async def test_plain_two_branches_that_write_one_key_without_a_reducer_fail_the_run() -> None:
    async def overwrites(state: Named) -> dict[str, Any]:
        return {"last": state["name"]}

    graph = fan_out(overwrites, "ab").compile()
    with pytest.raises(InvalidUpdateError, match="At key 'last': Can receive only one value per step"):
        await graph.ainvoke({})
    assert (await fan_out(overwrites, "a").compile().ainvoke({}))["last"] == "a"  # it shows only when there are two


async def test_ours_gives_every_branch_a_place_of_its_own() -> None:
    work = [{"branch_id": name, "specialist": "s"} for name in "ab"]
    result = await run(Crew().sleeps("s", 1), work=work)
    assert sorted(result["branches"]) == ["a", "b"]


async def test_ours_refuses_two_branches_for_one_place() -> None:
    with pytest.raises(PlanError, match="branch id 'a' is used twice"):
        await run(Crew().sleeps("s", 1), work=[{"branch_id": "a", "specialist": "s"}] * 2)
