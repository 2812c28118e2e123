"""Which values the fields of a work item may have, and what it may name in them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping
from typing import Any

from langgraph_quorum.state.bounds import is_number, is_whole, require
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.functions import require_plain
from langgraph_quorum.state.records import PRIORITIES


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_above_0(value: Any) -> bool:
    return is_number(value) and 0 < value < math.inf


def _are_names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)


def _are_amounts(value: Any, is_allowed: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) and is_allowed(one) for name, one in value.items())


def _is_moment(value: Any) -> bool:
    """Whether it is seconds from 0, or an instant whose zone is known."""
    if not isinstance(value, str):
        return is_number(value) and 0 <= value < math.inf
    try:
        return datetime.datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


FORMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "priority": (lambda value: _is_string(value) and value in PRIORITIES, "give high, normal or low"),
    "payload": (lambda value: isinstance(value, dict), "give a dict"),
    "depends_on": (_are_names, "give a list of branch ids and names of sync points"),
    "when": (_is_string, "give the name of a condition"),
    "not_before": (
        _is_moment,
        "give seconds from 0, or an instant with its zone, for instance '2030-01-31T08:00:00+00:00'",
    ),
    "exclusive": (_are_names, "give a list of strings"),
    "resources": (
        lambda value: _are_amounts(value, _is_above_0),
        "give a dict of numbers above 0 by the resource's name",
    ),
    "timeout_s": (lambda value: is_number(value) and value > 0, "give seconds above 0"),
    "attempts": (lambda value: is_number(value) and value >= 1 and is_whole(value), "give a whole number from 1"),
    "hedge_s": (_is_above_0, "give seconds above 0"),
    "fallback": (_is_string, "give the name of a specialist"),
    "measures": (
        lambda value: _are_amounts(value, lambda one: is_number(one) and 0 <= one < math.inf),
        "give a dict of numbers from 0",
    ),
}
"""By field: whether a value is allowed there, and what to give instead of one that is not."""


def check_conditions(conditions: Mapping[str, Any]) -> None:
    """Refuse a condition that could not be asked on the event loop.

    Raises:
        ConfigurationError: naming the condition.
    """
    for name, condition in conditions.items():
        what = "a plain function of a branch's inputs that says True or False"
        require_plain(f"conditions[{name!r}]", condition, what)


def check_capacities(resources: Mapping[str, Any]) -> None:
    """Refuse a capacity that is no number above 0.

    Raises:
        ConfigurationError: naming the resource.
    """
    for name, capacity in resources.items():
        require(ConfigurationError, f"resources[{name!r}]", capacity, lambda x: x > 0, "give a number above 0")
