"""Routing checks what waits for a branch or a sync point, and what a sync point claims."""

from __future__ import annotations

from langgraph_quorum import SyncPolicy
from langgraph_quorum.nodes.planning.routing import routed
from tests.nodes.routed import FIRST, branches, refusal, with_points


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
