"""What a run was given is kept in a form that Postgres takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

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


def test_an_input_is_what_the_graphs_state_is_made_of() -> None:
    assert fields_of(Plain("clouds")) == {"topic": "clouds", "draft": ""}
    assert fields_of(Checked(topic="clouds")) == fields_of({"topic": "clouds"}) == {"topic": "clouds"}
    for wrong in ("clouds", ["clouds"], Plain):
        with pytest.raises(ConfigurationError, match="give the graph's input"):
            fields_of(wrong)
