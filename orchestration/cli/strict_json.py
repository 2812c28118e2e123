"""Any stored value as strict JSON: what JSON has no word for is replaced, so that no run is there that cannot be shown.

A state may hold numbers that are none, and objects: what a program has put in with `fork`, and what an earlier release
has kept.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.orchestration.cli.exits import complain
from langgraph_quorum.state.errors import ResultError

_DEEPEST = 200
"""Levels that are written; what lies deeper is written as a shortened text."""


def json_text(value: Any, *, ensure_ascii: bool = True, indent: int | None = 2) -> str:
    """The value as JSON text: null for NaN and infinities, which is said on standard error once; a text for objects."""
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=ensure_ascii, indent=indent)
    except (ValueError, TypeError, RecursionError):
        return json.dumps(_strict(value), allow_nan=False, ensure_ascii=ensure_ascii, indent=indent)


def _strict(value: Any, depth: int = 0) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        _say()
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth > _DEEPEST:
        return reprlib.repr(value)
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else str(key): _strict(item, depth + 1) for key, item in value.items()}
    return [_strict(item, depth + 1) for item in value] if isinstance(value, (list, tuple)) else _as_text(value)


def _as_text(value: Any) -> Any:
    """An object as a result of a branch would be kept, else as Python shows it."""
    try:
        return jsonable(value)
    except ResultError:
        return repr(value)


@cache
def _say() -> None:
    complain("null stands for numbers that JSON does not have (NaN, infinity)")
