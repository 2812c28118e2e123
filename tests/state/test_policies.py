"""Policies refuse what is out of their bounds, and say which field and what to give instead."""

from __future__ import annotations

import math
from typing import Any

import pytest

from langgraph_quorum.state.errors import ConfigurationError, QuorumError, SyncPolicyError
from langgraph_quorum.state.policies import GrowthPolicy, ModePolicy, RecoveryPolicy, ValidationPolicy, WeightPolicy
from langgraph_quorum.state.sync_policy import SyncPolicy

NAN, INF = math.nan, math.inf


async def awaited(results: Any) -> bool:
    return True


WORDS: list[Any] = ["kill", None, []]


WRONG: list[tuple[str, Any, str]] = [
    *[("threshold", value, "above 0 and up to 1") for value in (0, -0.1, 1.01, NAN, INF, True, "0.5", None)],
    *[("grace_s", value, "seconds from 0") for value in (-1, NAN, INF, False, "5")],
    *[("deadline_s", value, "seconds above 0") for value in (0, -1, NAN, -INF, True, None)],
    *[("minimum", value, "whole number from 1") for value in (0, 1.5, NAN, INF, True, "1")],
    *[("min_quality", value, "fraction from 0 to 1") for value in (-0.1, 1.1, NAN, INF, True)],
    *[("successes", value, "whole number from 1") for value in (0, -1, 1.5, NAN, True, "2")],
    *[("tolerate", value, "a count from 0, or a share") for value in (-1, 1.5, -0.5, NAN, INF, True, "1")],
    *[("must", value, "tuple of branch ids") for value in ("key", (1,))],
    *[("until", value, "function of the results") for value in (True, "done", awaited)],
    *[("on_straggler", value, "one of cancel, abandon, harvest") for value in WORDS],
    *[("on_question", value, "one of block, park") for value in WORDS],
    *[("branches", value, "tuple of branch ids") for value in ("a", ("a", 1), None, {"a"})],
    *[("types", value, "tuple of specialists' types") for value in ("read", (None,), 3)],
    *[("name", value, "non-empty string") for value in ("", None, 1)],
]


@pytest.mark.parametrize(("field", "wrong", "mend"), WRONG)
def test_a_sync_policy_names_the_wrong_field_and_its_mend(field: str, wrong: Any, mend: str) -> None:
    with pytest.raises(SyncPolicyError) as refused:
        SyncPolicy(**{field: wrong})
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}={wrong!r}: ")
    assert mend in str(refused.value)


@pytest.mark.parametrize(
    "edges",
    [
        {"threshold": 1},
        {"threshold": 1e-9},
        {"grace_s": 0},
        {"deadline_s": INF},
        {"min_quality": 0},
        {"min_quality": 1},
        {"minimum": 1},
        {"successes": 1},
        {"tolerate": 0},
        {"tolerate": 0.0},
        {"tolerate": 1.0},
        {"tolerate": 7},
        {"must": ()},
        {"on_straggler": "harvest"},
        {"on_question": "park"},
        {"branches": ("a",), "types": ("read",), "name": "first"},
    ],
)
def test_the_bounds_themselves_are_allowed(edges: dict[str, Any]) -> None:
    policy = SyncPolicy(**edges)
    assert {name: getattr(policy, name) for name in edges} == edges


@pytest.mark.parametrize(
    ("threshold", "minimum", "total", "needed"),
    [
        (0.75, 1, 4, 3),  # 0.75 * 4 = 3
        (0.75, 1, 5, 4),  # 0.75 * 5 = 3.75
        (0.7, 1, 10, 7),  # 0.7 * 10 is 7.000000000000001 in floating point when summed; it must not need 8
        (0.1, 1, 30, 3),  # 0.1 * 30 = 3.0000000000000004
        (0.5, 3, 4, 3),  # the minimum is more than 0.5 * 4 = 2
        (0.01, 1, 1, 1),
    ],
)
def test_the_quorum_is_the_threshold_rounded_up_and_at_least_the_minimum(
    threshold: float, minimum: int, total: int, needed: int
) -> None:
    assert SyncPolicy(threshold=threshold, minimum=minimum).needed(total) == needed


@pytest.mark.parametrize(
    ("policy", "field", "wrong"),
    [
        *[(ModePolicy, name, 1.2) for name in ("complexity_above", "free_cpu_above", "dependency_above")],
        *[(ModePolicy, name, 0) for name in ("parallel_at_once", "adaptive_start", "io_at_once")],
        (ModePolicy, "io_at_once", INF),
        (ModePolicy, "adaptive_start", 2.5),
        (WeightPolicy, "quality_share", -1),
        (WeightPolicy, "speed_share", INF),
        (WeightPolicy, "halving_s", 0),
        (WeightPolicy, "assumed_quality", NAN),
        (ValidationPolicy, "quality", 1.1),
        (ValidationPolicy, "review", "sometimes"),
        (ValidationPolicy, "review", {}),
        *[(RecoveryPolicy, "rounds", value) for value in (-1, 1.5, INF, NAN, True, None)],
        *[(RecoveryPolicy, "attempts", value) for value in (0, 1.5, INF, True)],
        *[(RecoveryPolicy, "seconds", value) for value in (0, -1, NAN, None)],
        *[(RecoveryPolicy, "cost", value) for value in (-0.01, NAN, "3")],
        *[(RecoveryPolicy, "longer", value) for value in (0.99, INF, NAN)],
        *[(GrowthPolicy, "branches", value) for value in (-1, 0.5, INF, None)],
        *[(GrowthPolicy, "generations", value) for value in (-1, 0.5, INF, False)],
    ],
)
def test_the_other_policies_name_the_wrong_field_too(policy: type, field: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        policy(**{field: wrong})
    assert refused.value.field == field
    assert isinstance(refused.value, QuorumError)


def test_weights_that_can_only_be_zero_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="quality_share or speed_share above 0"):
        WeightPolicy(quality_share=0, speed_share=0)


def test_recovery_and_growth_can_be_turned_off_or_left_without_bounds() -> None:
    assert RecoveryPolicy(rounds=0, attempts=1, seconds=INF, cost=0, longer=1).rounds == 0
    assert RecoveryPolicy(attempts=None, cost=INF).attempts is None
    assert GrowthPolicy(branches=0, generations=0).branches == 0


def test_a_count_of_successes_takes_the_place_of_the_share_and_earlier_ones_count_towards_it() -> None:
    policy = SyncPolicy(threshold=1, successes=3, minimum=2)
    assert [policy.needed(10, earlier) for earlier in (0, 1, 3)] == [3, 2, 0]  # max(2 - earlier, 3 - earlier)


@pytest.mark.parametrize(
    ("tolerate", "of_ten"),
    [(None, INF), (0, 0), (3, 3), (0.25, 2.5), (1.0, 10)],  # 1.0 is a share, 1 would be a count
)
def test_failures_are_tolerated_by_count_or_by_share(tolerate: float | None, of_ten: float) -> None:
    assert SyncPolicy(tolerate=tolerate).tolerated(10) == of_ten


def test_a_policy_claims_branches_once_it_names_some_or_their_types() -> None:
    assert not SyncPolicy().claims
    assert SyncPolicy(branches=("a",)).claims
    assert SyncPolicy(types=("read",)).claims
