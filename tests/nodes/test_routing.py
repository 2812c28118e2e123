"""Routing: who gets a work item, and every plan that cannot be done is refused naming what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.nodes.planning.routing import default_work, routed
from langgraph_quorum.nodes.specialists.specialist import by_name
from langgraph_quorum.state.errors import PlanError


async def look(branch: Branch) -> str:
    return branch.task


CREW = by_name(
    [
        Specialist("first", look, type="review"),
        Specialist("second", look, type="review"),
        Specialist("tables", look, type="read", source_types=("csv", "parquet")),
        Specialist("anything", look, type="read"),
        Specialist("other", look),
    ]
)


def who(*work: dict[str, Any]) -> list[str]:
    items = [{"branch_id": f"b{number}", **item} for number, item in enumerate(work)]
    return [item["specialist"] for item in routed(items, CREW)]  # type: ignore[arg-type]


def test_without_work_each_specialist_gets_one_branch_named_after_it() -> None:
    assert [(item["branch_id"], item["specialist"]) for item in default_work(CREW)] == [(name, name) for name in CREW]


def test_a_named_specialist_gets_the_work_and_names_the_branch() -> None:
    assert routed([{"specialist": "other"}], CREW) == [{"specialist": "other", "branch_id": "other"}]


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
        ([7], "work[0] is a int: give a dict"),
        ([{}], "work[0] names neither a 'specialist' nor a 'type'"),
        ([{"specialist": ["other"]}], "work[0]: specialist=['other']: give a string"),
        ([{"specialist": "other", "priority": ["high"]}], "work[0]: priority=['high']: give a string"),
        ([{"specialist": "other", "group": 3}], "work[0]: group=3: give a string"),
        ([{"specialist": "nobody"}], "unknown specialist 'nobody': there are anything, first, other"),
        ([{"type": "write"}], "no specialist of type 'write': the types are read, review"),
        ([{"type": "review", "source_type": 1}], "source_type=1"),
        ([{"specialist": "other"}, {"specialist": "other"}], "branch id 'other' is used twice"),
        ([{"specialist": "other", "branch_id": ""}], "branch id '': give a non-empty string"),
        ([{"specialist": "other", "branch_id": 3}], "branch id 3: give a non-empty string"),
        ([{"specialist": "other", "priority": "urgent"}], "priority='urgent': give high, normal or low"),
        ([{"specialist": "other", "payload": [1]}], "payload is a list: give a dict"),
        ([{"specialist": "other", "timeout_s": 0}], "timeout_s=0: give seconds above 0"),
        ([{"specialist": "other", "timeout_s": float("nan")}], "timeout_s=nan"),
        ([{"specialist": "other", "timeout_s": True}], "timeout_s=True"),
        ([{"specialist": "other", "depends_on": ["ghost"]}], "depends on 'ghost', which is not in the work"),
        ([{"specialist": "other", "depends_on": "other"}], "depends_on='other': give a list of branch ids"),
        ([{"specialist": "other", "depends_on": [1]}], "depends_on=[1]: give a list of branch ids"),
        ([{"specialist": "other", "measures": {"parts": -1}}], "measures['parts']=-1: give a number from 0"),
        ([{"specialist": "other", "measures": {"parts": "many"}}], "measures['parts']='many'"),
    ],
)
def test_a_plan_that_cannot_be_done_is_refused_naming_what_is_wrong(work: Any, message: str) -> None:
    with pytest.raises(PlanError) as refused:
        routed(work, CREW)
    assert message in str(refused.value)


def test_a_type_without_a_specialist_for_the_source_says_so() -> None:
    with pytest.raises(PlanError, match="no specialist of type 'read' that accepts source type 'pdf'"):
        routed([{"type": "read", "source_type": "pdf"}], by_name([CREW["tables"]]))


def test_a_misspelled_key_of_a_work_item_is_named() -> None:
    with pytest.raises(PlanError, match=r"work\[0\] has the unknown key 'paylaod': did you mean 'payload'"):
        routed([{"specialist": "a", "paylaod": {}}], by_name([Specialist("a", print)]))  # type: ignore[typeddict-unknown-key]
