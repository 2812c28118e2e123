"""How much of what was asked for is there."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pydantic import BaseModel

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.nodes.scoring.completeness import answered, expected, required
from langgraph_quorum.nodes.scoring.conforming import conforming
from langgraph_quorum.nodes.scoring.scorer import Scorer, scored_by
from langgraph_quorum.state.errors import ConfigurationError, MissingExtraError
from langgraph_quorum.state.records import Quality


async def answer(branch: Branch) -> str:
    return branch.task


BRANCH = Branch("b", "task", {"wants": ["risks"]})


class Address(BaseModel):
    street: str
    city: str


class Person(BaseModel):
    name: str
    address: Address
    tags: list[str] = []


SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name", "address"],
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
    "$defs": {
        "address": {
            "type": "object",
            "required": ["street", "city"],
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
}


async def score(scorer: Scorer, result: Any, specialist: Specialist | None = None) -> Quality:
    found = scored_by(scorer)(specialist or Specialist("s", answer), BRANCH, result)
    quality = found if found is None or isinstance(found, dict) else await found
    assert quality is not None
    assert quality["score"] == quality["completeness"]
    return quality


async def test_required_fields_that_hold_nothing_are_missing() -> None:
    scorer = required(["title", "meta.author", "count", "is_new", "risks"])
    result = {"title": "  ", "meta": {"author": "Ann"}, "count": 0, "is_new": False, "risks": []}
    quality = await score(scorer, result)
    assert quality["completeness"] == 0.6  # author, 0 and False are something; blank text and an empty list are not
    assert quality["evidence"] == ["3 of 5 required fields, not ['title', 'risks']"]
    assert (await score(scorer, "no dict"))["score"] == 0.0


async def test_a_name_with_dots_is_found_before_a_path() -> None:
    assert (await score(required(["v1.2"]), {"v1.2": "x"}))["score"] == 1.0


async def test_what_is_required_may_depend_on_the_branch() -> None:
    scorer = required(lambda branch: branch.payload["wants"])
    assert (await score(scorer, {"risks": ["fire"]}))["score"] == 1.0
    assert (await score(required(lambda _branch: []), {}))["score"] is None  # nothing was asked


async def test_what_a_specialist_is_expected_to_give_is_asked_of_it() -> None:
    specialist = Specialist("s", answer, expects=("title", "body"))
    assert (await score(expected(), {"title": "T"}, specialist))["score"] == 0.5
    assert (await score(expected(), {"title": "T"}))["score"] is None


async def test_a_question_is_answered_when_its_field_holds_something() -> None:
    scorer = answered({"Who pays?": "payer", "How much?": "price.total", "When?": "date"})
    quality = await score(scorer, {"payer": "Ann", "price": {"total": 0}, "date": None})
    assert quality["score"] == pytest.approx(2 / 3)
    assert quality["evidence"] == ["2 of 3 questions answered, not ['When?']"]


async def test_questions_may_depend_on_the_branch() -> None:
    scorer = answered(lambda branch: {f"What are its {name}?": name for name in branch.payload["wants"]})
    assert (await score(scorer, {"risks": ""}))["evidence"] == [
        "0 of 1 questions answered, not ['What are its risks?']"
    ]


async def test_a_function_that_gives_no_fields_is_named_and_costs_only_the_score() -> None:
    quality = await score(required(lambda _branch: "risks"), {})
    assert quality["score"] is None
    assert quality["evidence"][0].startswith("scorer 'required' raised ConfigurationError: fields='risks': give a list")


@pytest.mark.parametrize("schema", [SCHEMA, Person])
async def test_fields_that_are_missing_or_wrong_count_against_the_share(schema: Any) -> None:
    whole = {"name": "Ann", "address": {"street": "High St", "city": "Ely"}}
    cases: list[tuple[Any, float]] = [
        (whole, 1.0),
        ({**whole, "address": {"street": "High St"}}, 2 / 3),  # no city, of name, street and city
        ({**whole, "name": 3}, 2 / 3),
        ({**whole, "name": " "}, 2 / 3),  # of the right type, but nothing
        ({**whole, "tags": ["a", 1, 2]}, 3 / 4),  # the list is one more field, and wrong
        ({**whole, "address": "Ely"}, 1 / 4),  # nothing in it, and wrong itself
        ({}, 0.0),
        ("Ann", 0.0),
        (None, 0.0),
    ]
    for result, share in cases:
        assert (await score(conforming(schema), result))["score"] == pytest.approx(share), result


async def test_what_is_not_allowed_counts_as_one_more_field() -> None:
    quality = await score(
        conforming(SCHEMA), {"name": "Ann", "address": {"street": "High St", "city": "Ely"}, "age": 3}
    )
    assert quality["score"] == 0.75
    assert quality["evidence"] == [
        "3 of 3 fields of the schema are there and right",
        "the result: Additional properties are not allowed ('age' was unexpected)",
    ]


async def test_evidence_names_the_place_of_a_fault() -> None:
    quality = await score(conforming(SCHEMA), {"name": "Ann", "address": {"street": 1}})
    assert quality["evidence"] == [
        "1 of 3 fields of the schema are there and right",
        "address.city: is required",
        "address.street: 1 is not of type 'string'",
    ]


async def test_of_many_faults_the_first_are_told() -> None:
    quality = await score(conforming(SCHEMA), {"name": "Ann", "tags": list(range(50))})
    assert len(quality["evidence"]) == 1 + 5 + 1
    assert quality["evidence"][-1] == "46 more faults"  # 50 wrong tags and no address


async def test_without_required_fields_all_properties_are_asked_for() -> None:
    schema = {"properties": {"a": {"type": "number"}, "b": {}}}
    assert (await score(conforming(schema), {"a": 1}))["score"] == 0.5


async def test_a_schema_of_no_object_is_met_or_not() -> None:
    scorer = conforming({"type": "array", "items": {"type": "number"}})
    assert [(await score(scorer, result))["score"] for result in ([1, 2], [1, "x"], [], 3)] == [1.0, 0.0, 0.0, 0.0]


async def test_a_schema_that_refers_to_itself_ends() -> None:
    node = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}}
    assert (await score(conforming(node), {"next": {}}))["score"] == 0.0


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        ("schema", {}),
        ("schema", {"title": "says nothing"}),
        ("schema", 3),
        ("schema", int),
        ("schema.type", {"type": "objekt"}),
        ("schema.properties.a.type", {"properties": {"a": {"type": 3}}}),
        ("schema.$ref", {"$ref": "https://example.org/schema.json"}),
        ("schema.$ref", {"allOf": [{"$ref": "other.json"}]}),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_the_mend(field: str, schema: Any) -> None:
    with pytest.raises(ConfigurationError, match=r": (give a JSON schema|refer within the schema only)") as caught:
        conforming(schema)
    assert caught.value.field == field


def test_a_json_schema_needs_the_extra_and_a_model_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(MissingExtraError, match=r"langgraph-quorum\[schema\]"):
        conforming(SCHEMA)
    conforming(Person)


@pytest.mark.parametrize("fields", [[], "title", [""], [3], None, 5])
def test_an_empty_list_of_fields_is_refused(fields: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^fields=.*: give a list of names of fields, at least one"):
        required(fields)


@pytest.mark.parametrize("questions", [{}, ["Why?"], {"Why?": ""}, None])
def test_an_empty_dict_of_questions_is_refused(questions: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^questions=.*: give "):
        answered(questions)


@pytest.mark.parametrize("scorer", [required, answered])
def test_an_async_function_is_refused_that_would_not_be_awaited(scorer: Any) -> None:
    with pytest.raises(ConfigurationError, match="give a plain function of the branch, not an async one"):
        scorer(answer)
