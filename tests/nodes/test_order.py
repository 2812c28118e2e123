"""The order of fan-out: prerequisites and sync points first, then the urgent, then as given; a circle is named."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum import Specialist, SyncPolicy
from langgraph_quorum.nodes.planning.order import dependency_score, membership, ordered
from langgraph_quorum.nodes.specialists.specialist import by_name
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import PRIORITIES, Priority, WorkItem

CREW = by_name([Specialist("s", print, type="plain"), Specialist("reader", print, type="read")])


def item(name: str, *prerequisites: str, priority: Priority = "normal") -> WorkItem:
    return WorkItem(branch_id=name, specialist="s", depends_on=list(prerequisites), priority=priority)


def order(*work: WorkItem) -> list[str]:
    return [one["branch_id"] for one in ordered(work, {})]


def around(first: set[str], *work: WorkItem) -> list[str]:
    """The order when sync point `first` counts the branches given."""
    return [one["branch_id"] for one in ordered(work, {name: ["first"] for name in first})]


def test_equals_go_as_they_were_given() -> None:
    assert order(item("b"), item("a"), item("c")) == ["b", "a", "c"]


def test_high_priority_goes_first_and_low_last() -> None:
    assert order(item("low", priority="low"), item("normal"), item("high", priority="high")) == [
        "high",
        "normal",
        "low",
    ]


def test_what_an_urgent_branch_waits_for_is_as_urgent() -> None:
    assert order(item("plain"), item("base"), item("urgent", "base", priority="high")) == ["base", "urgent", "plain"]


def test_a_circle_is_refused_with_the_circle_named() -> None:
    with pytest.raises(PlanError) as refused:
        ordered([item("a", "c"), item("b", "a"), item("c", "b"), item("free")], {})
    message = str(refused.value)
    named = message.split("circle: ")[1].split(": remove", maxsplit=1)[0].split(" -> ")
    assert set(named) == {"a", "b", "c"}
    assert named[0] == named[-1]
    waits = {"a": "c", "b": "a", "c": "b"}
    assert all(waits[one] == other for one, other in pairwise(named))


def test_a_branch_that_waits_for_itself_is_a_circle_too() -> None:
    with pytest.raises(PlanError, match="a -> a"):
        ordered([item("a", "a")], {})


def test_what_depends_on_a_sync_point_comes_after_all_that_it_counts() -> None:
    assert around({"a", "c"}, item("report", "first"), item("a"), item("b"), item("c")) == ["a", "b", "c", "report"]


def test_a_sync_point_takes_no_place_of_its_own() -> None:
    # once a is done both could go next, and the one behind the sync point was given first
    assert around({"a"}, item("a"), item("report", "first"), item("b", "a")) == ["a", "report", "b"]


def test_what_an_urgent_branch_waits_for_through_a_sync_point_is_as_urgent() -> None:
    urgent = item("report", "first", priority="high")
    assert around({"low"}, item("plain"), item("low", priority="low"), urgent) == ["low", "report", "plain"]


def test_a_branch_that_depends_on_the_sync_point_that_counts_it_is_a_circle() -> None:
    with pytest.raises(PlanError, match="circle: a -> sync point 'first' -> a: remove one 'depends_on'"):
        around({"a"}, item("a", "first"))


def test_a_longer_circle_through_a_sync_point_names_every_stop() -> None:
    with pytest.raises(PlanError) as refused:
        around({"a"}, item("a", "b"), item("b", "first"), item("c", "b"))
    assert "circle: a -> b -> sync point 'first' -> a: " in str(refused.value)


def test_a_deep_chain_is_ordered_too() -> None:
    chain = [item(f"b{number}", f"b{number + 1}") for number in range(20_000)] + [item("b20000")]
    assert order(*chain) == [f"b{number}" for number in range(20_000, -1, -1)]


POLICIES = st.lists(
    st.builds(
        lambda branches, types: (tuple(branches), tuple(types)),
        st.lists(st.sampled_from(["b0", "b1", "b2", "ghost"]), max_size=2),
        st.lists(st.sampled_from(["plain", "read", "other"]), max_size=2),
    ).filter(any),
    max_size=3,
)


@given(POLICIES, st.lists(st.sampled_from(sorted(CREW)), min_size=1, max_size=5))
def test_membership_says_for_each_branch_what_the_points_say(
    claims: list[tuple[tuple[str, ...], tuple[str, ...]]], names: list[str]
) -> None:
    policies = [
        SyncPolicy(name=f"p{number}", branches=branches, types=types) for number, (branches, types) in enumerate(claims)
    ]
    points = Points.of(policies or None)
    queue = [WorkItem(branch_id=f"b{number}", specialist=name) for number, name in enumerate(names)]
    assert membership(queue, CREW, points) == {
        one["branch_id"]: points.counting(one, CREW[one["specialist"]].type) for one in queue
    }


@st.composite
def work(draw: st.DrawFn) -> list[WorkItem]:
    count = draw(st.integers(1, 15))
    items = [
        item(
            f"b{number}",
            *{f"b{draw(st.integers(0, number - 1))}" for _ in range(draw(st.integers(0, 3))) if number},
            priority=draw(st.sampled_from(sorted(PRIORITIES))),
        )
        for number in range(count)
    ]
    return draw(st.permutations(items))


@given(work())
def test_every_branch_comes_once_and_after_its_prerequisites(given_work: list[WorkItem]) -> None:
    result = ordered(given_work, {})
    assert sorted(one["branch_id"] for one in result) == sorted(one["branch_id"] for one in given_work)
    place = {one["branch_id"]: number for number, one in enumerate(result)}
    for one in result:
        assert all(place[name] < place[one["branch_id"]] for name in one["depends_on"])


@given(work())
def test_a_high_priority_branch_is_preceded_only_by_what_it_or_its_like_needs(given_work: list[WorkItem]) -> None:
    index = {one["branch_id"]: one for one in given_work}
    needed = {name for name, one in index.items() if one["priority"] == "high"}
    todo = list(needed)
    while todo:
        for name in index[todo.pop()]["depends_on"]:
            if name not in needed:
                needed.add(name)
                todo.append(name)
    result = [one["branch_id"] for one in ordered(given_work, {})]
    assert set(result[: len(needed)]) == needed


def test_the_dependency_is_the_share_of_branches_that_wait() -> None:
    assert dependency_score([item("a"), item("b", "a"), item("c", "a"), item("d")]) == 0.5  # b and c of four
    assert dependency_score([]) == 0.0


@given(work(), st.sets(st.integers(0, 14)))
def test_no_branch_comes_before_what_its_sync_point_counts(given_work: list[WorkItem], counted: set[int]) -> None:
    report = item("report", "first", priority="high")
    points_of = {f"b{number}": ["first"] for number in counted}
    result = [one["branch_id"] for one in ordered([report, *given_work], points_of)]
    assert len(result) == len(given_work) + 1
    here = points_of.keys() & set(result)
    assert all(result.index(name) < result.index("report") for name in here)
