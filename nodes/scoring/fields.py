"""Values within a result, by dotted path."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any


def at(result: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none. A field whose name is the whole path goes first."""
    if isinstance(result, Mapping) and path in result:
        return result[path]
    for name in path.split("."):
        if not isinstance(result, Mapping) or name not in result:
            return None
        result = result[name]
    return result


def all_at(result: Any, path: str) -> list[Any]:
    """The values at a dotted path, which goes through every item of the lists on its way. None does not count."""
    if isinstance(result, Mapping) and path in result:
        return _items(result[path])
    found = [result]
    for name in path.split("."):
        found = [value[name] for one in found for value in _items(one) if isinstance(value, Mapping) and name in value]
    return [item for value in found for item in _items(value)]


def _items(value: Any) -> list[Any]:
    return [item for item in (value if isinstance(value, list) else [value]) if item is not None]


def holds_something(value: Any) -> bool:
    """Whether there is anything in it: no None, no blank text, no empty list or dict. 0 and False are something."""
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and not (isinstance(value, Sized) and len(value) == 0)
