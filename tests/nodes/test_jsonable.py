"""Results become JSON primitives, or are refused naming the place; errors become data."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import math
import pathlib
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from pydantic import BaseModel

from langgraph_quorum.nodes.branching.failure import describe, is_transient
from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.state.errors import PlanError, ResultError


class Colour(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    BIG = 3


class Model(BaseModel):
    when: datetime.date
    parts: set[int]


@dataclass
class Note:
    text: str
    at: pathlib.PurePosixPath


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (Colour.RED, "red"),
        (Size.BIG, 3),
        ({Colour.RED: 1, 2: "two", True: "t"}, {"red": 1, "2": "two", "True": "t"}),
        (Model(when=datetime.date(2026, 1, 2), parts={2, 1}), {"when": "2026-01-02", "parts": [1, 2]}),
        (Note("x", pathlib.PurePosixPath("/a")), {"text": "x", "at": "/a"}),
        (AIMessage("hello"), "hello"),
        (AIMessage([{"type": "text", "text": "in blocks"}]), "in blocks"),
        ((1, (2,)), [1, [2]]),
        ({"b", "a"}, ["a", "b"]),
        (datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.UTC), "2026-01-02T03:00:00+00:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (decimal.Decimal("1.5"), 1.5),
        (math.nan, None),
        ([math.inf, -math.inf], [None, None]),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.float32(0.5), 0.5),
        (np.nan, None),
        ("nul \0 and lone \ud800", "nul \ufffd and lone \ufffd"),
        ({"k\0": 1}, {"k\ufffd": 1}),
    ],
)
def test_what_users_return_is_kept_as_json(value: Any, kept: Any) -> None:
    assert jsonable(value) == kept


@pytest.mark.parametrize("value", [np.float64(0.5), np.str_("x"), AIMessage("hello"), Size.BIG, np.int64(3)])
def test_subclasses_become_the_plain_type_itself(value: Any) -> None:
    assert type(jsonable(value)) in (str, int, float)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"rows": [1, object()]}, "result.rows[1]: an object cannot be kept"),
        (b"bytes", "result: a bytes cannot be kept"),
        ({"f": {"g": len}}, "result.f.g: a builtin_function_or_method"),
        ({(1, 2): 3}, "result: a key is a tuple"),
        ({"n": 2**64}, "result.n: an integer of more than 64 bits"),
        (Note, "result: a type cannot be kept"),
    ],
)
def test_what_cannot_be_kept_is_refused_naming_the_place(value: Any, message: str) -> None:
    with pytest.raises(ResultError) as refused:
        jsonable(value)
    assert str(refused.value).startswith(message)


def test_a_value_that_holds_itself_is_refused() -> None:
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(ResultError, match="nested more than 100 levels deep"):
        jsonable(ring)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(anything)
def test_whatever_is_kept_survives_json_and_a_checkpoint_unchanged(value: Any) -> None:
    kept = jsonable(value)
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    serde = JsonPlusSerializer()
    assert serde.loads_typed(serde.dumps_typed(kept)) == kept
    assert jsonable(kept) == kept


def response(status: int) -> httpx.HTTPStatusError:
    request = httpx.Request("GET", "http://example.org")
    return httpx.HTTPStatusError("text", request=request, response=httpx.Response(status, request=request))


class OverloadedError(Exception):
    status_code = 529


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(),
        httpx.ConnectError("no route"),
        httpx.ReadTimeout("slow"),
        psycopg.OperationalError("gone"),
        *[response(status) for status in (408, 429, 500, 502, 503, 504)],
        OverloadedError(),
    ],
)
def test_what_may_pass_is_tried_again(error: BaseException) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("429 timeout connection"),  # never by its text
        KeyError("x"),
        PlanError("empty"),
        ResultError("bytes"),
        psycopg.ProgrammingError("syntax"),
        *[response(status) for status in (400, 401, 403, 404, 422)],
    ],
)
def test_what_will_stay_is_not(error: BaseException) -> None:
    assert not is_transient(error)


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_error_is_described_whatever_its_message() -> None:
    assert describe(ValueError("x" * 3000), transient=False)["message"] == "x" * 2000
    assert describe(ValueError(), transient=True) == {"type": "ValueError", "message": "no message", "transient": True}
    assert describe(OSError("a\0b\udcff"), transient=False)["message"] == "a\ufffdb\ufffd"
    assert "cannot be read" in describe(UnprintableError(), transient=False)["message"]
