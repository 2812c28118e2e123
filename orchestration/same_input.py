"""A thread holds one run: whoever starts it with another input is told so, and not given the result of the first.

The register keeps the input of each run; of one that is not JSON, such as one with message objects, its digest.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel

from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.state.artifacts import ArtifactRef, is_reference, reference_to
from langgraph_quorum.state.errors import ConfigurationError, ResultError

INPUT, DIGEST = "input", "input_digest"
"""Among a run's options."""
_SHOWN = 80


def left_to_defaults(values: Any) -> Collection[str]:
    """Names of the fields of an input that may hold another value each time it is made, and so tell no input apart.

    A pydantic model knows which it was not given. A dataclass does not: of that it is those, whoever has given them,
    with a factory that is more than `list`, `dict` or another class of Python's own.
    """
    if isinstance(values, BaseModel):
        return type(values).model_fields.keys() - values.model_fields_set
    if not dataclasses.is_dataclass(values):
        return ()
    return [one.name for one in dataclasses.fields(values) if _is_made_anew(one)]


def _is_made_anew(field: dataclasses.Field[Any]) -> bool:
    factory: Any = field.default_factory
    if factory is dataclasses.MISSING:  # in a dataclass of pydantic's it may be part of the default
        factory = getattr(field.default, "default_factory", None)
    return factory is not None and not (isinstance(factory, type) and factory.__module__ == "builtins")


def with_digest(options: Mapping[str, Any], values: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options of a run, with its input's digest where they do not hold the input itself, as far as there is one."""
    if values is None or INPUT in options or DIGEST in options:
        return dict(options)
    try:
        text = json.dumps(jsonable(dict(values), INPUT), sort_keys=True)
    except (ResultError, TypeError, ValueError):
        return dict(options)
    return {**options, DIGEST: f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"}


def check_same_input(
    thread_id: str, values: Mapping[str, Any] | None, given: Mapping[str, Any], kept: Mapping[str, Any]
) -> None:
    """Refuse to take up a run with another input than its own. Where one of the two is not known, nothing is refused.

    Args:
        thread_id: Of the run.
        values: The input of this start, of which it holds to no more than these fields; None for a resume, which has
            the run's own.
        given: The options of this start.
        kept: The options of the run.

    Raises:
        ConfigurationError: naming the field that differs.
    """
    if values is None:
        return
    mine, its = with_digest(given, values), kept
    if INPUT in mine and INPUT in its:
        names = (mine[INPUT].keys() | its[INPUT].keys()) - (mine[INPUT].keys() - values.keys())
        differing = [name for name in sorted(names) if not _same(mine[INPUT].get(name), its[INPUT].get(name))]
    else:
        known = all(INPUT in options or DIGEST in options for options in (mine, its))
        differing = ["values"] if known and mine.get(DIGEST) != its.get(DIGEST) else []
    if differing:
        mend = (
            f"thread {thread_id!r} was started with another input: give that one, or `resume` it, for what it holds,"
            " `fork` it to change something in a copy, or take another thread id"
        )
        shown = dict(values) if differing == ["values"] else values.get(differing[0])
        raise ConfigurationError(differing[0], _short(shown), mend)


def _same(one: Any, other: Any) -> bool:
    """Whether they are equal; a text and the artifact in its place are, for each driver says which texts are large."""
    if one == other:
        return True
    if isinstance(one, str) and isinstance(other, dict):
        return _same(other, one)
    if isinstance(one, dict) and isinstance(other, str):
        return is_reference(one) and _is_of(one, other.encode(errors="replace"))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return False


def _is_of(reference: ArtifactRef, data: bytes) -> bool:
    """Whether it refers to these bytes; of a store with a key, which is not known here, only their number counts."""
    if reference["artifact"].startswith("hmac-"):
        return reference["size_bytes"] == len(data)
    return reference["artifact"] == reference_to(data, reference["media_type"])["artifact"]


def _short(value: Any) -> Any:
    return value if len(repr(value)) <= _SHOWN else f"{repr(value)[: _SHOWN - 3]}..."
