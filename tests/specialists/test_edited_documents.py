"""What a person may make of a result of the shipped graphs: something of its form."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langgraph_quorum.graphs.document_analysis import build_document_analysis
from langgraph_quorum.graphs.document_sign_off import build_document_sign_off
from langgraph_quorum.state.policies import Policies, ValidationPolicy
from langgraph_quorum.state.workflow import QuorumContext
from tests.graphs.running import FIXED, thread

ASKS = Policies(validation=ValidationPolicy(review="always"))
FORM = "the edited value does not fit: "


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "well.md"
    path.write_text("# A plan\n\nIt says what is to be done, and by whom. The plan is short.\n")
    return str(path)


async def _asked(app: Any, source: str) -> dict[str, Any]:
    """What a workflow has merged when it asks about it."""
    assert "__interrupt__" in await app.ainvoke({"sources": [source]}, thread(), context=FIXED)
    state: dict[str, Any] = (await app.aget_state(thread())).values
    assert not [found for found in state["findings"] if found["check"] == "form"]
    return state


async def _edit(app: Any, value: Any) -> dict[str, Any]:
    out: dict[str, Any] = await app.ainvoke(Command(resume={"type": "edit", "value": value}), thread(), context=FIXED)
    return out


def _complaint(out: dict[str, Any]) -> str:
    (asked,) = out["__interrupt__"]
    return str(asked.value)


async def test_an_analysis_takes_an_edit_of_its_form_and_refuses_any_other(source: str) -> None:
    app = build_document_analysis(["summary", "quality"], policies=ASKS).compile(InMemorySaver())
    before = (await _asked(app, source))["merged"]["value"]
    digest = before["well.md"]["value"]
    wrong: list[tuple[Any, str]] = [
        (5, "the result: Input should be a valid dictionary"),
        ({}, "the result: Dictionary should have at least 1 item"),
        ({"well.md": 5}, "well.md: Input should be a valid dictionary"),
        (
            {"well.md": {**before["well.md"], "quality": 1.2}},
            "well.md.quality: Input should be less than or equal to 1",
        ),
        (
            {"well.md": {**before["well.md"], "value": {"specialists": digest["specialists"]}}},
            "look_next: Field required",
        ),
    ]
    for value, said in wrong:
        complaint = _complaint(await _edit(app, value))
        assert FORM in complaint
        assert said in complaint
    better = copy.deepcopy(before)
    part = better["well.md"]["value"]["specialists"]["summary"]
    part["headline"], part["findings"] = "It is a short plan.", part["findings"][:1]
    out = await _edit(app, better)
    assert (out["status"], out["result"]) == ("approved", better)


async def test_a_sign_off_takes_an_edit_of_its_form_and_refuses_any_other(source: str) -> None:
    app = build_document_sign_off().compile(InMemorySaver())
    before = (await _asked(app, source))["merged"]["value"]
    assert before == {"signed": ["well.md"], "sent_back": {}}
    assert FORM in _complaint(await _edit(app, {"signed": "well.md", "sent_back": {}}))
    out = await _edit(app, {"signed": [], "sent_back": {"well.md": "too short"}})
    assert (out["status"], out["result"]["signed"]) == ("approved", [])


async def test_a_value_that_another_strategy_has_made_is_not_held_to_the_form(source: str) -> None:
    app = build_document_analysis(["summary"]).compile()
    out = await app.ainvoke({"sources": [source]}, context=QuorumContext(merge="best"))
    assert "headline" in out["result"]
    assert not [found for found in out["findings"] if found["check"] == "form"]
