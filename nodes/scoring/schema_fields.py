"""Reading a JSON schema: which fields it asks for, and what of a value is against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from langgraph_quorum.state.errors import ConfigurationError, MissingExtraError

DEPTH = 8
"""Levels of nested objects whose fields are told apart; a schema may refer to itself."""
FAULTS = 200
"""Faults of one value that are looked at."""

Fault: TypeAlias = tuple[tuple[str | int, ...], str]
"""Where in a value, and what is wrong there."""
Faults: TypeAlias = Callable[[Any], list[Fault]]
_MEND = "give a JSON schema with 'properties' or another rule, or a pydantic model's class"


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


def faults_of_model(model: type[BaseModel]) -> Faults:
    """What of a value is against a pydantic model."""

    def faults(value: Any) -> list[Fault]:
        try:
            model.model_validate(value)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            return [(tuple(one["loc"]), one["msg"]) for one in found[:FAULTS]]
        return []

    return faults


def faults_of_schema(schema: Mapping[str, Any]) -> Faults:
    """What of a value is against a JSON schema. Nothing is fetched: a schema refers to nothing but itself.

    Raises:
        ConfigurationError: the schema is wrong, or refers to another one.
        MissingExtraError: when the extra `schema` is not installed.
    """
    try:
        from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415
        from jsonschema.validators import validator_for  # noqa: PLC0415
        from referencing import Registry  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("schema", "scoring against a JSON schema") from error
    outside = next((ref for ref in _references(schema, 4 * DEPTH) if not ref.startswith("#")), None)
    if outside is not None:
        raise ConfigurationError("schema.$ref", outside, "refer within the schema only, as in '#/$defs/Name'")
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(dict(schema))
    except SchemaError as error:
        where = ".".join(["schema", *map(str, error.absolute_path)])
        raise ConfigurationError(where, error.instance, f"{_MEND} ({error.message})") from error
    validator = kind(dict(schema), registry=Registry())

    def faults(value: Any) -> list[Fault]:
        found: dict[Fault, None] = {}
        error: Any
        for error in islice(validator.iter_errors(value), FAULTS):
            place = tuple(error.absolute_path)
            if error.validator == "required":
                missing = [name for name in error.validator_value if name not in error.instance]
                found.update(dict.fromkeys(((*place, name), "is required") for name in missing))
            else:
                found[place, error.message] = None
        return list(found)

    return faults


def _references(schema: Any, depth: int) -> Iterator[str]:
    if not depth:
        return
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value, depth - 1)
    elif isinstance(schema, Sequence) and not isinstance(schema, str):
        for value in schema:
            yield from _references(value, depth - 1)


def check_says_something(schema: Any) -> None:
    """Refuse what is no schema, or one that allows everything.

    Raises:
        ConfigurationError: naming the mend.
    """
    if not isinstance(schema, Mapping) or not set(schema) - {"$schema", "$id", "title", "description", "$defs"}:
        raise ConfigurationError("schema", schema, _MEND)
