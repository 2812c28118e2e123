"""What a run was given is kept in a form that Postgres takes."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from pydantic import BaseModel, Field

from langgraph_quorum import ConfigurationError
from langgraph_quorum.orchestration.given import fields_of, kept_input


def test_characters_that_postgres_refuses_are_replaced_wherever_they_stand() -> None:
    given = {"task": "t", "work": [{"payload": {"text": "a\0b\ud800"}}]}
    assert kept_input(given) == {"input": {"task": "t", "work": [{"payload": {"text": "a\ufffdb\ufffd"}}]}}


def test_text_that_only_looks_like_an_escape_is_left_alone() -> None:
    assert kept_input({"task": "\\u0000"}) == {"input": {"task": "\\u0000"}}


@pytest.mark.parametrize("value", [object(), math.nan, 2**70])
def test_what_is_no_json_or_cannot_be_stored_is_not_kept(value: Any) -> None:
    assert kept_input({"task": value}) == {}


@dataclass
class Plain:
    topic: str
    draft: str = ""


class Checked(BaseModel):
    topic: str
    draft: str = ""
    mark: str = Field(default_factory=lambda: uuid.uuid4().hex)
    author: str | None = None


def test_an_input_is_what_the_graphs_state_is_made_of() -> None:
    assert fields_of(Plain("clouds")) == {"topic": "clouds", "draft": ""}
    assert fields_of({"topic": "clouds"}) == {"topic": "clouds"}
    for wrong in ("clouds", ["clouds"], Plain):
        with pytest.raises(ConfigurationError, match="give the graph's input"):
            fields_of(wrong)


async def test_every_node_sees_what_a_model_was_made_with_also_by_default() -> None:
    given = Checked(topic="clouds")
    assert fields_of(given) == {"topic": "clouds", "draft": "", "mark": given.mark}
    assert "author" in fields_of(Checked(topic="clouds", author=None))

    builder = StateGraph(Checked).add_node("write", lambda state: {"draft": state.mark}).add_edge(START, "write")
    graph: Any = builder.compile()
    assert await graph.ainvoke(fields_of(given)) == await graph.ainvoke(given)
