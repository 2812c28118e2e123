"""A thread policy refuses what is out of its bounds, and says which field and what to give instead."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.thread_policy import LONGEST_IDLE_S, ThreadPolicy

KINDS: list[Any] = ["elastic", "", None, 1, []]
WRONG: list[tuple[str, Any, str]] = [
    *[("kind", value, "'fixed', 'dynamic' or 'resource_aware'") for value in KINDS],
    *[("size", value, "whole number from 1") for value in (0, -1, 1.5, math.nan, math.inf, True, "8", None)],
    *[("idle_s", value, "seconds above 0") for value in (0, -1, math.nan, math.inf, LONGEST_IDLE_S + 1, True, "10")],
]


@pytest.mark.parametrize(("field", "wrong", "mend"), WRONG)
def test_a_thread_policy_names_the_wrong_field_and_its_mend(field: str, wrong: Any, mend: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        ThreadPolicy(**{field: wrong})
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}={wrong!r}: ")
    assert mend in str(refused.value)


@pytest.mark.parametrize(
    "edges",
    [{"kind": "fixed"}, {"kind": "dynamic"}, {"kind": "resource_aware"}, {"size": 1}, {"idle_s": LONGEST_IDLE_S}],
)
def test_the_bounds_themselves_are_allowed(edges: dict[str, Any]) -> None:
    policy = ThreadPolicy(**edges)
    assert {name: getattr(policy, name) for name in edges} == edges


def test_a_thread_policy_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ThreadPolicy().size = 2  # type: ignore[misc]
