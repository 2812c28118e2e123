"""Routing: who gets a work item, and every plan that cannot be done is refused naming what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.nodes.planning.checks import Terms
from langgraph_quorum.nodes.planning.routing import created, default_work, routed
from langgraph_quorum.nodes.specialists.specialist import by_name
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import WorkItem


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


TERMS = Terms(CREW, Points.of(None), conditions={"long", "signed"}, resources={"gpu": 2, "seats": 0.5})
FIRST = SyncPolicy(name="first", branches=("a", "b"))


def refusal(work: Any, terms: Terms = TERMS) -> str:
    with pytest.raises(PlanError) as refused:
        routed(work, terms)
    return str(refused.value)


def with_points(*policies: SyncPolicy) -> Terms:
    return Terms(CREW, Points.of(policies))


def branches(*names: str, **more: Sequence[str]) -> list[WorkItem]:
    """Branches without prerequisites, then branches with those that are given."""
    free = [WorkItem(branch_id=name, specialist="other") for name in names]
    return free + [WorkItem(branch_id=name, specialist="other", depends_on=list(on)) for name, on in more.items()]


def who(*work: dict[str, Any]) -> list[str]:
    items = [{"branch_id": f"b{number}", **item} for number, item in enumerate(work)]
    return [item["specialist"] for item in routed(items, TERMS)]  # type: ignore[arg-type]


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


def test_a_branch_may_wait_for_branches_and_for_a_sync_point_that_counts_any() -> None:
    work = branches("a", "b", c=["a", "first"])
    assert routed(work, with_points(FIRST)) == work


def test_a_prerequisite_that_there_is_not_is_named_with_the_closest_one() -> None:
    message = refusal(branches("a", "b", c=["frist"]), with_points(FIRST))
    assert message == (
        "branch 'c': depends_on names 'frist', neither a branch of the work nor a sync point: did you mean 'first'?"
    )


def test_among_many_branches_a_missing_prerequisite_is_named_without_listing_them_all() -> None:
    message = refusal(branches(*map(str, range(1000)), last=["ghost"]))
    assert message.startswith("branch 'last': depends_on names 'ghost', neither a branch")
    assert len(message) < 200


def test_nothing_can_wait_for_a_sync_point_that_counts_no_branch_of_the_work() -> None:
    terms = with_points(SyncPolicy(name="reading", types=("read",)))
    message = refusal(branches("a", b=["reading"]), terms)
    assert message.startswith("branch 'b': depends_on names 'reading', a sync point that counts no branch of this work")


def test_a_name_that_could_be_a_branch_or_a_sync_point_is_refused_once_something_depends_on_it() -> None:
    terms = with_points(FIRST)
    assert routed(branches("a", "b", "first"), terms)
    message = refusal(branches("a", "b", "first", c=["first"]), terms)
    assert message == (
        "branch 'c': depends_on names 'first', which is both a branch and a sync point: rename one of them"
    )


def test_a_sync_point_can_only_claim_branches_of_the_work() -> None:
    message = refusal(branches("aa", "b"), with_points(FIRST))
    assert message == "sync point 'first': branches names 'a', which is not in the work: did you mean 'aa'?"


def test_a_sync_point_can_only_insist_on_branches_that_it_counts() -> None:
    stranger = with_points(SyncPolicy(name="first", branches=("a",), must=("ghost",)))
    assert "sync point 'first': must names 'ghost', which is not in the work" in refusal(branches("a", "b"), stranger)
    elsewhere = with_points(SyncPolicy(name="first", branches=("a",), must=("b",)))
    message = refusal(branches("a", "b"), elsewhere)
    assert message.startswith("sync point 'first': must names branch 'b', which it does not count")
    assert routed(branches("a", "b"), with_points(SyncPolicy(must=("a",))))


def test_a_type_without_a_specialist_for_the_source_says_so() -> None:
    terms = Terms(by_name([CREW["tables"]]), Points.of(None))
    with pytest.raises(PlanError, match="no specialist of type 'read' that accepts source type 'pdf'"):
        routed([{"type": "read", "source_type": "pdf"}], terms)


def test_a_misspelled_key_of_a_work_item_is_named() -> None:
    message = refusal([{"specialist": "other"}, {"specialist": "other", "paylaod": {}}])
    assert message.startswith("work[1] has the unknown key 'paylaod': did you mean 'payload'")


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
