"""Which fields a JSON schema asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DEPTH = 8
"""Levels of nested objects whose fields are told apart; a schema may refer to itself."""


def asked_for(schema: Mapping[str, Any]) -> list[str]:
    """Dotted paths of the innermost required fields; where an object requires none, of all its properties.

    Fields of objects in lists are not told apart: the list is one field.
    """
    return list(dict.fromkeys(_within(schema, schema, "", DEPTH)))


def _within(schema: Any, root: Mapping[str, Any], path: str, depth: int) -> Iterator[str]:
    schema = _followed(schema, root)
    properties = schema.get("properties", {})
    names = schema.get("required") or list(properties)
    if not names or not depth:
        if path:
            yield path
        return
    for name in names:
        yield from _within(properties.get(name, {}), root, f"{path}.{name}" if path else str(name), depth - 1)


def _followed(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a reference within the root points to."""
    for _ in range(DEPTH):
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        schema = root
        for step in reference[2:].split("/"):
            schema = schema.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(schema, Mapping) else {}
    return {}
