"""Whether a value is JSON, and where in it something stands that is not."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple

DEPTH = 200
"""Levels that a value may be nested; twice what a specialist may return, for merged results are merged again."""

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_NAMES = frozenset({str})
_HOLDERS = frozenset({dict, list})
_KINDS = _HOLDERS | {str, bool, int, float, type(None)}
_SHOWN_BITS = 1000


class Fault(NamedTuple):
    """Something that is no JSON.

    Attributes:
        path: Where it stands, such as `results[2].value.price[0]`.
        value: What stands there, or words for it where it cannot be shown.
        mend: What to give instead.
    """

    path: str
    value: object
    mend: str


def are_json(values: Iterable[Any]) -> bool:
    """Whether they are nothing but JSON, at a glance: False says no more than that `fault_in` must look closer.

    All values are looked at level by level: there may be a hundred thousand small ones.
    """
    level, depth = list(values), 0
    while level:
        kinds = set(map(type, level))
        if not kinds <= _KINDS or (depth > DEPTH and not kinds.isdisjoint(_HOLDERS)):
            return False
        if float in kinds and not all(math.isfinite(one) for one in level if type(one) is float):
            return False
        if int in kinds and not all(_is_kept(one) for one in level if type(one) is int):
            return False
        if kinds.isdisjoint(_HOLDERS):
            return True
        dicts = [one for one in level if type(one) is dict]
        if not _NAMES.issuperset(map(type, chain.from_iterable(dicts))):
            return False
        lists = [one for one in level if type(one) is list] if list in kinds else []
        level, depth = [*chain.from_iterable(map(dict.values, dicts)), *chain.from_iterable(lists)], depth + 1
    return True


def fault_in(value: Any, path: str, depth: int = 0) -> Fault | None:
    """The first thing in the value that is no JSON; None where there is none.

    Numbers are finite, integers have up to 64 bits, keys are strings, and it is nested up to `DEPTH` levels. Subclasses
    of the plain types are taken for what they are.
    """
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return None
    if isinstance(value, float):
        mend = "give a finite number, or None where there is none"
        return None if math.isfinite(value) else Fault(path, value, mend)
    if isinstance(value, int):
        shown = value if value.bit_length() <= _SHOWN_BITS else f"an integer of {value.bit_length()} bits"
        return None if _is_kept(value) else Fault(path, shown, "give an integer of up to 64 bits, a float, or a string")
    if not isinstance(value, (dict, list)):
        mend = "give JSON: numbers, strings, True, False, None, lists and dicts"
        return Fault(path, f"an instance of {type(value).__name__}", mend)
    if depth > DEPTH:
        return Fault(
            f"{path[:200]}...",
            f"an instance of {type(value).__name__}",
            f"give something nested at most {DEPTH} levels",
        )
    return _fault_within(value, path, depth)


def _fault_within(value: dict[Any, Any] | list[Any], path: str, depth: int) -> Fault | None:
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                return Fault(path, f"a key of type {type(name).__name__}", "give strings as keys")
        places = ((item, f"{path}.{name}") for name, item in value.items())
    else:
        places = ((item, f"{path}[{number}]") for number, item in enumerate(value))
    for item, place in places:
        if (fault := fault_in(item, place, depth + 1)) is not None:
            return fault
    return None


def _is_kept(value: int) -> bool:
    return _SMALLEST <= value <= _LARGEST
