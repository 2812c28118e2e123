"""A run is taken up with its own input or with none, however that is kept."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.graph import START, StateGraph
from pydantic import BaseModel, Field
from pydantic.dataclasses import dataclass as checked_dataclass

from langgraph_quorum import ConfigurationError, Orchestrator
from langgraph_quorum.orchestration.given import kept_input
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.same_input import check_same_input, left_to_defaults, with_digest
from langgraph_quorum.state.artifacts import reference_to

TEXT = "long" * 10
AWAY = dict(reference_to(TEXT.encode(), "text/plain"))
UNDER_KEY = dict(reference_to(TEXT.encode(), "text/plain", b"k" * 32))


def refused(first: dict[str, Any], again: dict[str, Any] | None) -> ConfigurationError | None:
    kept = with_digest(kept_input(first), first)
    try:
        check_same_input("t1", again, kept_input(again or {}), kept)
    except ConfigurationError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"task": "a", "work": [{"n": 1}]}, {"work": [{"n": 1.0}], "task": "a"}),
        ({"task": "a"}, {"task": "a", "sources": None}),
        ({"task": "a"}, None),  # a resume
        ({"sources": [{"text": TEXT}]}, {"sources": [{"text": AWAY}]}),  # large for one driver, and not for the other
        ({"sources": [AWAY]}, {"sources": [TEXT]}),
        ({"sources": [UNDER_KEY]}, {"sources": [TEXT]}),
        ({"messages": [HumanMessage("hi")]}, {"messages": [HumanMessage("hi")]}),
        ({"messages": [object()]}, {"messages": [HumanMessage("hi")]}),  # nobody knows what that was
    ],
)
def test_the_same_input_takes_a_run_up(first: dict[str, Any], again: dict[str, Any] | None) -> None:
    assert refused(first, again) is None


@pytest.mark.parametrize(
    ("first", "again", "field"),
    [
        ({"task": "a"}, {"task": "b"}, "task"),
        ({"task": "a"}, {"task": "a", "sources": ["x"]}, "sources"),
        ({"task": "a", "sources": ["x"]}, {"task": "a"}, "sources"),
        ({"work": [{"n": 1}]}, {"work": [{"n": 1}, {"n": 2}]}, "work"),
        ({"sources": [AWAY]}, {"sources": [f"{TEXT}er"]}, "sources"),
        ({"sources": [AWAY]}, {"sources": [TEXT[::-1]]}, "sources"),
        ({"sources": [UNDER_KEY]}, {"sources": [f"{TEXT}er"]}, "sources"),
        ({"messages": [HumanMessage("hi")]}, {"messages": [HumanMessage("ho")]}, "values"),
        ({"messages": [HumanMessage("hi")]}, {"messages": [("user", "hi")]}, "values"),
    ],
)
def test_another_input_is_refused_by_the_field_that_differs(
    first: dict[str, Any], again: dict[str, Any], field: str
) -> None:
    error = refused(first, again)
    assert error is not None
    assert error.field == field


def test_an_error_does_not_spell_out_a_whole_document() -> None:
    error = refused({"task": "a"}, {"task": "b" * 10_000})
    assert error is not None
    assert len(str(error)) < 400


@pytest.mark.parametrize("message", [None, HumanMessage("hi")], ids=["kept as it is", "kept by its digest"])
async def test_a_pydantic_input_is_held_to_what_was_said_and_not_to_what_it_makes_by_default(
    pool: Pool, message: Any
) -> None:
    class Order(BaseModel):
        topic: str = ""
        mark: str = Field(default_factory=lambda: uuid.uuid4().hex)
        message: Any = None

    builder = StateGraph(Order).add_node("write", lambda state: {"topic": state.mark}).add_edge(START, "write")
    async with Orchestrator.on(builder, pool) as quorum:
        first = await (await quorum.start(Order(topic="clouds", message=message), "t1")).result()
        again = await (await quorum.start(Order(topic="clouds", message=message), "t1")).result()
        with pytest.raises(ConfigurationError, match="another input"):
            await quorum.start(Order(topic="tides", message=message), "t1")
    assert first == again


@dataclass
class Letter:
    topic: str = ""
    places: list[str] = field(default_factory=list)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)


@checked_dataclass
class Card:
    topic: str = Field("")
    places: list[str] = Field(default_factory=list)
    mark: str = Field(default_factory=lambda: uuid.uuid4().hex)


async def test_a_dataclass_is_held_to_what_it_holds_and_not_to_what_is_made_anew_for_each(pool: Pool) -> None:
    builder = StateGraph(Letter).add_node("write", lambda state: {"topic": state.mark}).add_edge(START, "write")
    async with Orchestrator.on(builder, pool) as quorum:
        first = await (await quorum.start(Letter("clouds", ["Rome"]), "t1")).result()
        again = await (await quorum.start(Letter("clouds", ["Rome"]), "t1")).result()
        for other in (Letter("tides", ["Rome"]), Letter("clouds", []), Letter("clouds")):
            with pytest.raises(ConfigurationError, match="another input"):
                await quorum.start(other, "t1")
    assert first == again


def test_a_field_of_a_dataclass_tells_inputs_apart_unless_it_may_be_another_each_time() -> None:
    assert left_to_defaults(Letter("clouds")) == ["mark"]
    assert left_to_defaults(Letter("clouds", mark="mine")) == ["mark"]  # nobody knows who gave it
    assert left_to_defaults(Card("clouds")) == ["mark"]
    assert left_to_defaults({"mark": "mine"}) == ()
