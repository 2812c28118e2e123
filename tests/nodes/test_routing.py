"""Routing: who gets a work item, and every plan that cannot be done is refused naming what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum import SyncPolicy
from langgraph_quorum.nodes.planning.checks import Terms
from langgraph_quorum.nodes.planning.routing import default_work, routed
from langgraph_quorum.nodes.specialists.specialist import by_name
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.points import Points
from tests.nodes.routed import CREW, TERMS, refusal, who, with_points


def test_without_work_each_specialist_gets_one_branch_named_after_it() -> None:
    assert [(item["branch_id"], item["specialist"]) for item in default_work(CREW)] == [(name, name) for name in CREW]


def test_a_named_specialist_gets_the_work_and_names_the_branch() -> None:
    assert routed([{"specialist": "other"}], TERMS) == [{"specialist": "other", "branch_id": "other"}]


def test_work_of_a_type_goes_to_the_one_with_the_least_of_it() -> None:
    assert who(*[{"type": "review"}] * 4) == ["first", "second", "first", "second"]
    assert who({"specialist": "first"}, {"type": "review"}) == ["first", "second"]


def test_high_priority_work_goes_to_the_first_registered_whatever_its_load() -> None:
    assert who(*[{"type": "review", "priority": "high"}] * 3) == ["first", "first", "first"]


def test_a_source_type_narrows_the_choice() -> None:
    assert who({"type": "read", "source_type": "pdf"}) == ["anything"]
    assert who({"type": "read", "source_type": "csv", "priority": "high"}) == ["tables"]


@pytest.mark.parametrize(
    ("work", "message"),
    [
        ([], "the plan is empty"),
        ({"specialist": "other"}, "work is a dict: give a list"),
        ("other", "work is a str: give a list"),
        (["other"], "work[0] is a str: give a dict"),
        ([7], "work[0] is an int: give a dict"),
        ([{}], "work[0] names neither a 'specialist' nor a 'type'"),
        ([{"specialist": ["other"]}], "work[0]: specialist=['other']: give a string"),
        ([{"specialist": "other", "priority": ["high"]}], "work[0]: priority=['high']: give a string"),
        ([{"specialist": "other", "group": 3}], "work[0]: group=3: give a string"),
        ([{"specialist": "nobody"}], "unknown specialist 'nobody': there are anything, first, other"),
        ([{"specialist": "other", "type": "raed"}], "no specialist of type 'raed': the types are read, review"),
        ([{"type": "write"}], "no specialist of type 'write': the types are read, review"),
        ([{"type": "review", "source_type": 1}], "source_type=1"),
        ([{"specialist": "other"}, {"specialist": "other"}], "branch id 'other' is used twice"),
        ([{"specialist": "other", "branch_id": ""}], "branch id '': give a non-empty string"),
        ([{"specialist": "other", "branch_id": 3}], "branch id 3: give a non-empty string"),
        ([{"specialist": "other", "priority": "urgent"}], "priority='urgent': give high, normal or low"),
        ([{"specialist": "other", "payload": [1]}], "payload=[1]: give a dict"),
        ([{"specialist": "other", "timeout_s": 0}], "timeout_s=0: give seconds above 0"),
        ([{"specialist": "other", "timeout_s": float("nan")}], "timeout_s=nan"),
        ([{"specialist": "other", "timeout_s": True}], "timeout_s=True"),
        ([{"specialist": "other", "depends_on": "other"}], "depends_on='other': give a list of branch ids"),
        ([{"specialist": "other", "depends_on": [1]}], "depends_on=[1]: give a list of branch ids"),
        ([{"specialist": "other", "measures": {"parts": -1}}], "measures={'parts': -1}: give a dict of numbers from 0"),
        ([{"specialist": "other", "measures": {"parts": "many"}}], "measures={'parts': 'many'}: give"),
        ([{"specialist": "other", "measures": ["parts"]}], "measures=['parts']: give a dict of numbers from 0"),
    ],
)
def test_a_plan_that_cannot_be_done_is_refused_naming_what_is_wrong(work: Any, message: str) -> None:
    assert message in refusal(work)


LAST: dict[str, list[tuple[Any, str]]] = {
    "when": [
        (["long"], "give the name of a condition"),
        ("sined", "there is no condition of this name: did you mean 'signed'?"),
    ],
    "not_before": [
        (value, "give seconds from 0, or an instant with its zone, for instance '2030-")
        for value in (-1, float("nan"), float("inf"), True, None, "soon", "2030-01-31", "2030-01-31T08:00:00")
    ],
    "exclusive": [(value, "give a list of strings") for value in ("ledger", [1], {"ledger": 1})],
    "resources": [
        *[
            (value, "give a dict of numbers above 0")
            for value in (["gpu"], {"gpu": 0}, {"gpu": True}, {"gpu": float("inf")}, {1: 1})
        ],
        ({"tpu": 1}, "'tpu' is a resource nobody can ever grant"),
        ({"gpu": 1, "seats": 1}, "the workflow has 0.5 of 'seats': ask for no more than that"),
    ],
    "attempts": [(value, "give a whole number from 1") for value in (0, 1.5, True, "2", float("inf"))],
    "hedge_s": [(value, "give seconds above 0") for value in (0, -1, float("nan"), float("inf"), "1")],
    "fallback": [
        (["first"], "give the name of a specialist"),
        ("other", "it falls back to itself: name another specialist"),
        ("frist", "there is no such specialist: did you mean 'first'?"),
    ],
}


@pytest.mark.parametrize(
    ("field", "value", "mend"), [(field, value, mend) for field, wrong in LAST.items() for value, mend in wrong]
)
def test_a_branch_that_asks_for_what_it_cannot_get_is_named_with_the_field_and_the_mend(
    field: str, value: Any, mend: str
) -> None:
    message = refusal(
        [{"specialist": "other", "branch_id": "b0"}, {"branch_id": "b1", "specialist": "other", field: value}]
    )
    assert message.startswith(f"branch 'b1': {field}={value!r}: ")
    assert mend in message


@pytest.mark.parametrize(
    "asked",
    [
        {"when": "signed"},
        {"not_before": 0},
        {"not_before": 2.5},
        {"not_before": "2030-01-31T08:00:00Z"},
        {"not_before": "2030-01-31T08:00:00+01:00"},
        {"exclusive": []},
        {"exclusive": ["ledger"]},
        {"resources": {"gpu": 2, "seats": 0.5}},
        {"attempts": 1},
        {"hedge_s": 0.001},
        {"timeout_s": float("inf")},
        {"fallback": "first"},
    ],
)
def test_what_can_be_had_is_kept_as_it_was_asked_for(asked: Any) -> None:
    work: Any = {"specialist": "other", **asked}
    assert routed([work], TERMS) == [{**work, "branch_id": "other"}]


def test_a_workflow_without_conditions_says_so() -> None:
    message = refusal([{"specialist": "other", "when": "long"}], with_points(SyncPolicy()))
    assert message == "branch 'other': when='long': the workflow has no conditions: give it one of this name"


def test_a_long_value_is_shown_by_its_beginning() -> None:
    assert len(refusal([{"specialist": "other", "payload": "x" * 100_000}])) < 300


def test_a_type_without_a_specialist_for_the_source_says_so() -> None:
    terms = Terms(by_name([CREW["tables"]]), Points.of(None))
    with pytest.raises(PlanError, match="no specialist of type 'read' that accepts source type 'pdf'"):
        routed([{"type": "read", "source_type": "pdf"}], terms)


def test_a_misspelled_key_of_a_work_item_is_named() -> None:
    message = refusal([{"specialist": "other"}, {"specialist": "other", "paylaod": {}}])
    assert message.startswith("work[1] has the unknown key 'paylaod': did you mean 'payload'")
