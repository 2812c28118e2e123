"""Routing what a result asks for: branches below its own, refused naming who asked."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum.nodes.planning.routing import created
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.records import WorkItem
from tests.nodes.routed import TERMS

BOOK = WorkItem(branch_id="my/book", specialist="other", group="library")


def test_what_a_result_asks_for_becomes_branches_below_its_own_in_its_group() -> None:
    asked: list[WorkItem] = [{"branch_id": "page", "specialist": "first"}, {"type": "read", "group": "tables"}]
    assert created(BOOK, asked, TERMS) == [
        {"branch_id": "my/book/page", "specialist": "first", "group": "library"},
        {"branch_id": "my/book/1", "type": "read", "specialist": "tables", "group": "tables"},
    ]
    assert created(BOOK, [], TERMS) == []
    assert "group" not in created({"branch_id": "b", "specialist": "other"}, asked, TERMS)[0]


def test_created_branches_name_each_other_by_the_short_id_and_all_others_by_their_own() -> None:
    asked: list[WorkItem] = [
        {"specialist": "other"},
        {"branch_id": "page", "specialist": "other", "depends_on": ["0", "my/book", "later"]},
        {"branch_id": "note", "specialist": "other", "depends_on": ["page"]},
    ]
    assert [item.get("depends_on") for item in created(BOOK, asked, TERMS)] == [
        None,
        ["my/book/0", "my/book", "later"],  # whether there is a branch `later` is checked with the whole queue
        ["my/book/page"],
    ]
    assert asked[2]["depends_on"] == ["page"]  # what the result holds is left alone


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("page", "work is a str: give a list"),
        ([{"specialist": "other", "branch_id": 3}], "work[0]: branch_id=3: give a non-empty string"),
        ([{"specialist": "other", "branch_id": "1"}, {"specialist": "other"}], "branch id '1' is used twice"),
        ([{"specialist": "other", "depends_on": "page"}], "branch 'my/book/0': depends_on='page': give a list"),
        ([{"specialist": "other", "pages": 3}], "work[0] has the unknown key 'pages'"),
        ([{"specialist": "nobody"}], "branch 'my/book/0': unknown specialist 'nobody'"),
        ([{"specialist": "other", "resources": {"gpu": 3}}], "the workflow has 2 of 'gpu'"),
        ([{}], "work[0] names neither a 'specialist' nor a 'type'"),
    ],
)
def test_what_a_result_asks_for_wrongly_is_refused_naming_who_asked(asked: Any, message: str) -> None:
    with pytest.raises(PlanError) as refused:
        created(BOOK, asked, TERMS)
    assert str(refused.value).startswith("branch 'my/book' asks for more work: ")
    assert message in str(refused.value)
