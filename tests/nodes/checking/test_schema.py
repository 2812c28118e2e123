"""A merged value is held against a JSON schema or a pydantic model; each fault is told with its path."""

from __future__ import annotations

import sys
import urllib.request
from typing import Any

import pytest
from pydantic import BaseModel

from langgraph_quorum.nodes.checking.check import Checked
from langgraph_quorum.nodes.checking.schema import SHOWN, schema
from langgraph_quorum.state.errors import ConfigurationError, MissingExtraError
from tests.nodes.checking.shown import checked, found, merged_of
from tests.state.written import record

PRICED = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "items": {"required": ["price"]}}},
}


class Item(BaseModel):
    price: float


class Priced(BaseModel):
    items: list[Item]


def of(value: Any, **results: Any) -> Checked:
    records = [record(name, result=result) for name, result in results.items()]
    return checked(merged_of(value, dict.fromkeys(results or {"a": 1})), records or [record("a")])


@pytest.mark.parametrize("form", [PRICED, Priced], ids=["JSON schema", "pydantic"])
def test_a_value_of_the_right_form_has_no_findings(form: Any) -> None:
    assert found(schema(form), of({"items": [{"price": 1.5}]})) == []


@pytest.mark.parametrize("form", [PRICED, Priced], ids=["JSON schema", "pydantic"])
def test_a_finding_names_the_path_and_the_branches_with_the_same_fault(form: Any) -> None:
    wrong, right = {"items": [{"price": 1}, {}]}, {"items": [{"price": 1}, {"price": 2}]}
    (one,) = found(schema(form, "warning"), of(wrong, a=wrong, b=right))
    assert (one["check"], one["severity"], one["field"], one["branches"]) == (
        "schema",
        "warning",
        "items[1].price",
        ["a"],
    )
    assert one["message"].startswith("items[1].price: ")


def test_the_result_that_stands_in_the_value_under_its_branch_is_named() -> None:
    form = {"additionalProperties": {"required": ["price"]}}
    (one,) = found(schema(form), of({"a": {"price": 1}, "b": {}}, a={"price": 1}, b={}))
    assert (one["field"], one["branches"]) == ("b.price", ["b"])


def test_a_fault_of_the_whole_names_no_field() -> None:
    (one,) = found(schema({"type": "object"}), of([1]))
    assert "field" not in one
    assert one["message"].startswith("the result: ")


def test_of_many_faults_the_first_are_told_and_the_others_counted() -> None:
    told = found(schema({"items": {"type": "string"}}), of(list(range(SHOWN + 5))))
    assert len(told) == SHOWN + 1
    assert told[-1]["message"] == "5 more faults against the schema"


def test_where_nothing_was_merged_nothing_is_held_against_the_schema() -> None:
    assert found(schema(PRICED), checked(merged_of())) == []


def test_a_schema_that_refers_elsewhere_is_refused_and_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[Any] = []
    monkeypatch.setattr(urllib.request, "urlopen", lambda *asked, **_: fetched.append(asked))
    with pytest.raises(ConfigurationError, match=r"schema\.expected\.\$ref='http.*: refer within the schema only"):
        schema({"$ref": "http://127.0.0.1:9/x.json"})
    assert not fetched


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({}, r"schema\.expected=\{\}: give a JSON schema with 'properties' or another rule"),
        (None, r"schema\.expected=None: give a JSON schema"),
        ({"type": "objekt"}, r"schema\.expected\.type='objekt': give a JSON schema .*\('objekt' is not valid"),
        (dict, r"schema\.expected=.*: give a JSON schema with .* or a pydantic model's class"),
    ],
)
def test_a_schema_that_is_none_is_refused_when_the_check_is_made(form: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        schema(form)


def test_without_the_extra_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(MissingExtraError, match=r"langgraph-quorum\[schema\]"):
        schema(PRICED)
    assert found(schema(Priced), of({"items": []})) == []  # a pydantic model needs no extra
