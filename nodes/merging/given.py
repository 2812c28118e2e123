"""What a merge is given, looked at in one pass: an error names the argument, the place in it, and the mend."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from sys import float_info
from typing import Any

from langgraph_quorum.nodes.merging.json_faults import are_json, fault_in
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.bounds import is_number
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import WeightPolicy

_LIST = "give a list of Scored"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_FIELDS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("branch_id", lambda value: isinstance(value, str) and value != "", "give the name of its branch, a string"),
    ("specialist", _is_text, "give the specialist's name, a string"),
    (
        "quality",
        lambda value: value is None or (is_number(value) and 0 <= value <= 1),
        "give 0 to 1, or None when not measured",
    ),
    (
        "seconds",
        lambda value: value is None or (is_number(value) and 0 <= value < math.inf and not _is_beyond(value)),
        "give seconds from 0, or None when unknown",
    ),
    ("group", _is_text, "give the group's name, a string"),
    ("type", _is_text, "give the specialist's type, a string"),
    ("at", lambda value: value is None or isinstance(value, str), "give ISO 8601 with a zone, or None when unknown"),
)


def _is_beyond(value: float) -> bool:
    """Whether it is an integer larger than any float."""
    return isinstance(value, int) and value.bit_length() > 1000  # noqa: PLR2004


def taken(results: Any) -> dict[str, Scored]:
    """The results by branch; one that is given twice counts once.

    Raises:
        ConfigurationError: for what is no list of Scored, for a field of the wrong type or out of its bounds, for a
            value that is no JSON, and for a branch with two different results. Names the place.
    """
    if isinstance(results, Scored):
        raise ConfigurationError("results", results, f"{_LIST}: [result]")
    if isinstance(results, (str, bytes, Mapping)) or not isinstance(results, Iterable):
        raise ConfigurationError("results", results, _LIST)
    results = list(results)
    if _are_sound(results):
        by_id = {result.branch_id: result for result in results}
        if len(by_id) == len(results):
            return by_id
    by_id = {}
    for place, result in enumerate(results):
        if not isinstance(result, Scored):
            raise ConfigurationError(f"results[{place}]", result, "give Scored(branch_id, specialist, value, ...)")
        _look_closer(result, f"results[{place}]")
        known = by_id.setdefault(result.branch_id, result)
        if known is not result and known != result:
            raise ConfigurationError("results", result.branch_id, "give each branch once, or twice the same")
    return by_id


def _are_sound(results: Sequence[Scored]) -> bool:
    """Whether all is well with them, at a glance: most are, and there may be a hundred thousand."""
    if not {Scored}.issuperset(map(type, results)):
        return False
    if not results:
        return True
    branch_ids, specialists, values, qualities, seconds, groups, kinds, times = zip(*results, strict=True)
    return (
        {str}.issuperset(map(type, chain(branch_ids, specialists, groups, kinds)))
        and all(branch_ids)
        and {str, type(None)}.issuperset(map(type, times))
        and _are_within(qualities, 1.0)
        and _are_within(seconds, float_info.max)
        and are_json(values)
    )


def _are_within(numbers: Iterable[float | None], most: float) -> bool:
    """Whether they are floats from 0 to `most`, or None."""
    known = [number for number in numbers if number is not None]
    if not known or not {float}.issuperset(map(type, known)):
        return not known
    return min(known) >= 0 and max(known) <= most and not math.isnan(sum(known))


def _look_closer(result: Scored, where: str) -> None:
    whose = f"; it is the result of branch {result.branch_id!r}" if isinstance(result.branch_id, str) else ""
    for name, allowed, mend in _FIELDS:
        value = getattr(result, name)
        if not allowed(value):
            shown = "an integer beyond all floats" if _is_beyond(value) else value
            raise ConfigurationError(f"{where}.{name}", shown, mend + whose)
    fault = fault_in(result.value, f"{where}.value")
    if fault is not None:
        raise ConfigurationError(fault.path, fault.value, fault.mend + whose)


def missing(failed: Any, results: Collection[str]) -> list[str]:
    """The branches without a result, each once.

    Raises:
        ConfigurationError: for what is no list of names, and for a branch that has a result.
    """
    if isinstance(failed, (str, bytes, Mapping)) or not isinstance(failed, Iterable):
        raise ConfigurationError("failed", failed, "give a list of branch ids")
    names = list(failed)
    for place, name in enumerate(names):
        if not isinstance(name, str):
            raise ConfigurationError(f"failed[{place}]", name, "give a branch id, a string")
        if name in results:
            raise ConfigurationError(f"failed[{place}]", name, "give branches without a result: this one has one")
    return sorted(set(names))


def weighing(policy: Any) -> WeightPolicy:
    """The policy, or the default where there is none.

    Raises:
        ConfigurationError: for something else.
    """
    if policy is None:
        return WeightPolicy()
    if not isinstance(policy, WeightPolicy):
        raise ConfigurationError("policy", policy, "give a WeightPolicy")
    return policy
