"""Policies refuse what is out of their bounds, and say which field and what to give instead."""

from __future__ import annotations

import math
from typing import Any

import pytest

from langgraph_quorum.state.errors import ConfigurationError, QuorumError, SyncPolicyError
from langgraph_quorum.state.policies import ModePolicy, ValidationPolicy, WeightPolicy
from langgraph_quorum.state.sync_policy import SyncPolicy

NAN, INF = math.nan, math.inf

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
    *[("until", value, "function of the results") for value in (True, "done")],
    *[("on_straggler", value, "'cancel' or 'abandon'") for value in WORDS],
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
        (ValidationPolicy, "rounds", -1),
        (ValidationPolicy, "rounds", INF),
        (ValidationPolicy, "review", "sometimes"),
        (ValidationPolicy, "review", {}),
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
