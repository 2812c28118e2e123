"""Reducers: parallel updates join without losing each other, and a replayed write changes nothing."""

from __future__ import annotations

from random import Random
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.state.records import BranchRecord, BranchStatus, SyncDecision, TimelineEvent
from langgraph_quorum.state.reducers import append_decisions, append_timeline, merge_branches, standing_record
from tests.state.written import record

written = st.builds(
    lambda branch_id, status, score, round_number, result: record(
        branch_id, status, score=score, round_number=round_number, result=result
    ),
    st.sampled_from("abc"),
    st.sampled_from(get_args(BranchStatus)),
    st.one_of(st.none(), st.sampled_from([0.0, 0.3, 0.5, 0.9])),
    st.integers(0, 3),
    st.integers(0, 3),
)
updates = st.lists(written, max_size=3).map(lambda records: {one["branch_id"]: one for one in records})


def one_round_one_record(maps: list[dict[str, BranchRecord]]) -> bool:
    """In a run, a branch writes one record a round."""
    seen: dict[tuple[str, int], BranchRecord] = {}
    return all(seen.setdefault((key, r["round"]), r) == r for one in maps for key, r in one.items())


def event(key: str) -> TimelineEvent:
    return TimelineEvent(key=key, at="", node="n", event="e", why="")


def decision(round_number: int, seconds: float = 1.0) -> SyncDecision:
    return SyncDecision(
        point="main",
        round=round_number,
        status="proceed",
        reason="all_done",
        progress=1.0,
        completed=[],
        remaining=[],
        threshold=0.75,
        seconds=seconds,
        excused=[],
    )


def test_a_success_is_never_replaced_by_a_later_failure() -> None:
    success, failure = record("a", score=0.1), record("a", "failed", round_number=3)
    assert standing_record(success, failure) == success
    assert standing_record(failure, success) == success


def test_of_two_successes_the_later_one_stands_until_somebody_has_held_them_against_each_other() -> None:
    sure, honest = record("a", score=0.9), record("a", score=0.6, round_number=1)
    assert standing_record(sure, honest) == honest
    assert standing_record(honest, sure) == honest


def test_of_two_failures_the_later_one_is_told() -> None:
    first, second = record("a", "failed"), record("a", "timed_out", round_number=1)
    assert standing_record(first, second) == second
    assert standing_record(second, first) == second


@given(updates, updates)
def test_a_replayed_update_changes_nothing(old: dict[str, BranchRecord], new: dict[str, BranchRecord]) -> None:
    once = merge_branches(old, new)
    assert merge_branches(once, new) == once


@given(st.lists(updates, min_size=3, max_size=3).filter(one_round_one_record))
def test_updates_may_be_grouped_in_any_way(maps: list[dict[str, BranchRecord]]) -> None:
    one, two, three = maps
    assert merge_branches(merge_branches(one, two), three) == merge_branches(one, merge_branches(two, three))


@given(st.lists(updates, max_size=4).filter(one_round_one_record), st.randoms())
def test_updates_of_different_rounds_and_branches_may_come_in_any_order(
    maps: list[dict[str, BranchRecord]], random: Random
) -> None:
    def joined(order: list[dict[str, BranchRecord]]) -> dict[str, BranchRecord]:
        state: dict[str, BranchRecord] = {}
        for update in order:
            state = merge_branches(state, update)
        return state

    shuffled = list(maps)
    random.shuffle(shuffled)
    assert joined(maps) == joined(shuffled)


def test_merging_leaves_what_it_was_given_as_it_was() -> None:
    old = {"a": record("a")}
    merge_branches(old, {"b": record("b")})
    assert list(old) == ["a"]


def test_the_timeline_keeps_its_order_and_takes_each_key_once() -> None:
    first = append_timeline(None, [event("1"), event("2"), event("2")])
    assert [e["key"] for e in append_timeline(first, [event("2"), event("3")])] == ["1", "2", "3"]


@given(st.lists(st.text(max_size=2)), st.lists(st.text(max_size=2)))
def test_the_timeline_never_loses_or_doubles_a_line(old: list[str], new: list[str]) -> None:
    kept = append_timeline(append_timeline([], list(map(event, old))), list(map(event, new)))
    assert sorted(e["key"] for e in kept) == sorted({*old, *new})


def test_a_decision_replaces_the_earlier_one_of_its_point_and_round() -> None:
    decisions = append_decisions([decision(0), decision(1)], [decision(1, seconds=2.0), decision(2)])
    assert [(d["round"], d["seconds"]) for d in decisions] == [(0, 1.0), (1, 2.0), (2, 1.0)]


def test_nothing_joined_with_nothing_is_empty() -> None:
    assert (merge_branches(None, None), append_timeline(None, None), append_decisions(None, None)) == ({}, [], [])
