"""The order of fan-out: prerequisites first, then the urgent, then as given; a circle is named."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.nodes.planning.order import dependency_score, ordered
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.records import PRIORITIES, Priority, WorkItem


def item(name: str, *prerequisites: str, priority: Priority = "normal") -> WorkItem:
    return WorkItem(branch_id=name, specialist="s", depends_on=list(prerequisites), priority=priority)


def order(*work: WorkItem) -> list[str]:
    return [one["branch_id"] for one in ordered(work)]


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
        ordered([item("a", "c"), item("b", "a"), item("c", "b"), item("free")])
    message = str(refused.value)
    named = message.split("circle: ")[1].split(": remove", maxsplit=1)[0].split(" -> ")
    assert set(named) == {"a", "b", "c"}
    assert named[0] == named[-1]
    waits = {"a": "c", "b": "a", "c": "b"}
    assert all(waits[one] == other for one, other in pairwise(named))


def test_a_branch_that_waits_for_itself_is_a_circle_too() -> None:
    with pytest.raises(PlanError, match="a -> a"):
        ordered([item("a", "a")])


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
    result = ordered(given_work)
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
    result = [one["branch_id"] for one in ordered(given_work)]
    assert set(result[: len(needed)]) == needed


def test_the_dependency_is_the_share_of_branches_that_wait() -> None:
    assert dependency_score([item("a"), item("b", "a"), item("c", "a"), item("d")]) == 0.5  # b and c of four
    assert dependency_score([]) == 0.0
