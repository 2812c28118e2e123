"""The sync points of a workflow: every branch is counted by the points that claim it, else by the rest."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum.state.errors import ConfigurationError, SyncPolicyError
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.workflow import QuorumContext

FIRST = SyncPolicy(name="first", branches=("a", "b"))
READING = SyncPolicy(name="reading", types=("read",))
OTHERS = SyncPolicy(name="others", threshold=0.5)


def counting(points: Points, branch_id: str, kind: str = "") -> list[str]:
    return points.counting(WorkItem(branch_id=branch_id), kind)


@pytest.mark.parametrize("given", [None, SyncPolicy(), [SyncPolicy()]])
def test_one_policy_or_none_makes_one_point_that_counts_everything(given: Any) -> None:
    points = Points.of(given)
    assert points == Points({"main": SyncPolicy()}, "main")
    assert counting(points, "anything", "read") == ["main"]


def test_a_branch_is_counted_by_every_point_that_claims_it_by_id_or_by_type() -> None:
    points = Points.of([FIRST, OTHERS, READING])
    assert counting(points, "a") == ["first"]
    assert counting(points, "c", "read") == ["reading"]
    assert counting(points, "b", "read") == ["first", "reading"]


def test_what_no_point_claims_is_counted_by_the_rest() -> None:
    points = Points.of([FIRST, OTHERS, READING])
    assert points.rest == "others"
    assert counting(points, "c") == ["others"]
    assert counting(points, "c", "write") == ["others"]


def test_a_specialist_without_a_type_is_claimed_by_no_type() -> None:
    points = Points.of([SyncPolicy(name="untyped", types=("",))])
    assert counting(points, "a", "") == ["main"]


def test_where_all_points_have_claims_one_for_the_rest_is_added() -> None:
    points = Points.of([FIRST, READING])
    assert list(points.policies) == ["first", "reading", "main"]
    assert points.policies[points.rest] == SyncPolicy()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([FIRST, FIRST], "name='first': two sync points have this name"),
        ([OTHERS, SyncPolicy()], "name='main': 'others' already waits for the rest: give it branches or types"),
        ([SyncPolicy(types=("read",))], "name='main': the point for the rest has this name: rename yours"),
    ],
)
def test_points_that_cannot_be_told_apart_are_refused(given: list[SyncPolicy], message: str) -> None:
    with pytest.raises(SyncPolicyError) as refused:
        Points.of(given)
    assert message in str(refused.value)


@pytest.mark.parametrize("given", [[], "main", 0.75, {"main": SyncPolicy()}, [SyncPolicy(), "main"], [0.75]])
def test_what_is_no_policy_is_refused_with_the_mend(given: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^sync=.*: give a SyncPolicy"):
        Points.of(given)


def test_a_runs_own_settings_apply_to_the_point_for_the_rest_only() -> None:
    points = Points.of([FIRST, OTHERS])
    applied = points.applied(QuorumContext(threshold=0.9, grace_s=1))
    assert applied.policies["first"] is FIRST
    assert applied.policies["others"] == SyncPolicy(name="others", threshold=0.9, grace_s=1)
    assert points.policies["others"].threshold == 0.5  # the workflow's own stays as it is


@pytest.mark.parametrize("context", [None, QuorumContext(), {"threshold": 0.9}])
def test_without_settings_of_the_run_nothing_changes(context: object) -> None:
    points = Points.of([FIRST, OTHERS])
    assert points.applied(context) is points


def test_a_setting_of_the_run_that_is_out_of_its_bounds_is_refused() -> None:
    with pytest.raises(SyncPolicyError, match=r"threshold=1\.4"):
        Points.of(None).applied(QuorumContext(threshold=1.4))
