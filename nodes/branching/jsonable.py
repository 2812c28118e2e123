"""Results become JSON primitives before they are kept, so that a checkpoint never depends on anybody's classes."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import math
import pathlib
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from langchain_core.messages import BaseMessage
from pydantic import BaseModel

from langgraph_quorum.state.errors import ResultError
from langgraph_quorum.state.words import kind_of

_DEPTH_LIMIT = 100
_SHOWN = 3
_SMALL = 2**31
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")

_CONVERSIONS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: value.value),
    (BaseMessage, lambda value: value.text if isinstance(value.text, str) else value.text()),
    (BaseModel, lambda value: dict(value.model_dump())),
    (Mapping, dict),
    ((list, tuple), list),
    (AbstractSet, lambda value: sorted(value, key=repr)),
    ((datetime.date, datetime.time), lambda value: value.isoformat()),
    ((uuid.UUID, pathlib.PurePath), str),
    (decimal.Decimal, float),
)


class NotFiniteError(ResultError):
    """A result holds numbers that JSON lacks. `kept` is the result with None in their place."""

    def __init__(self, kept: Any, paths: Sequence[str]) -> None:
        self.kept: Any = kept
        shown = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
        super().__init__(f"NaN or infinite, which JSON lacks, so None is kept: {shown}")


def kept_of(result: Any) -> Any:
    """What is kept of a specialist's result: `jsonable`.

    Raises:
        ResultError: naming where in the result something stands that cannot be kept; it is nothing but NaN or infinite.
        NotFiniteError: it holds such numbers. It says what is kept all the same.
    """
    lost: list[str] = []
    kept = jsonable(result, lost=lost)
    if lost and kept is None:
        raise ResultError(
            "it returned NaN or an infinity, which JSON lacks: return a value, or raise where there is none"
        )
    if lost:
        raise NotFiniteError(kept, lost)
    return kept


def jsonable(value: Any, path: str = "result", depth: int = 0, lost: list[str] | None = None) -> Any:
    """The value in JSON primitives.

    Messages become their text, pydantic models and dataclasses dicts, sets sorted lists, dates ISO 8601 strings,
    NumPy scalars and arrays numbers and lists; NaN and infinities, which JSON lacks, become None. Characters that
    Postgres or msgpack refuse (NUL, lone surrogates) become U+FFFD. `lost` is given the places of NaN and infinities.

    Raises:
        ResultError: naming where in the value something else stands.
    """
    if type(value) is not dict:  # most results are dicts
        if _is_kept_as_it_is(value):
            return value
        if isinstance(value, (str, int, float)) and not isinstance(value, enum.Enum):
            return _primitive(value, path, lost)
    if depth > _DEPTH_LIMIT:
        raise ResultError(f"{path}: nested more than {_DEPTH_LIMIT} levels deep: return something flatter")
    if type(value) is dict or isinstance(value, Mapping):
        return {
            (key if _is_kept_as_it_is(key) and type(key) is str else _key(key, path)): (
                item if _is_kept_as_it_is(item) else jsonable(item, f"{path}.{key}", depth + 1, lost)
            )
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [
            item if _is_kept_as_it_is(item) else jsonable(item, f"{path}[{index}]", depth + 1, lost)
            for index, item in enumerate(value)
        ]
    return jsonable(_converted(value, path), path, depth + 1, lost)


def _is_kept_as_it_is(value: Any) -> bool:
    """Whether it is a plain value that needs no second look. Most are; for the others this says no more than maybe."""
    kind = type(value)
    if kind is str:
        return value.isascii() and "\0" not in value
    return kind is bool or value is None or (kind is int and -_SMALL < value < _SMALL)


def _primitive(value: str | float, path: str, lost: list[str] | None) -> str | float | None:
    """Of the plain type itself: subclasses, such as NumPy's, cannot be stored."""
    if isinstance(value, str):
        return keepable(str.__str__(value))
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        if lost is not None:
            lost.append(path)
        return None
    if not _SMALLEST <= value <= _LARGEST:
        raise ResultError(f"{path}: an integer of more than 64 bits cannot be kept: return it as a string")
    return int(value)


def keepable(text: str) -> str:
    """The text without characters that cannot be stored."""
    return _UNKEEPABLE.sub("\ufffd", text)


def _key(key: object, path: str) -> str:
    if isinstance(key, str) and not isinstance(key, enum.Enum):
        return keepable(str.__str__(key))
    if isinstance(key, enum.Enum):
        return str(key.value)
    if isinstance(key, (int, float, bool)):
        return str(key)
    raise ResultError(f"{path}: a key is {kind_of(key)}: use strings as keys")


def _converted(value: Any, path: str) -> Any:
    for kinds, convert in _CONVERSIONS:
        if isinstance(value, kinds):
            return convert(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if callable(getattr(value, "tolist", None)):  # NumPy's scalars and arrays
        return value.tolist()
    raise ResultError(f"{path}: {kind_of(value)} cannot be kept: return numbers, strings, lists and dicts")
