"""What of a value is against a JSON schema or a pydantic model, place by place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from langgraph_quorum.nodes.branching.failure import message_of
from langgraph_quorum.state.errors import ConfigurationError, MissingExtraError

DEPTH = 32
"""Levels of a schema that are searched for references to others; deeper ones fail when a value is held against it."""

Place: TypeAlias = tuple[str | int, ...]
"""Names of fields and positions in lists, from the outside in; empty for the whole."""
Fault: TypeAlias = tuple[Place, str]
"""Where in a value, and what is wrong there."""
Faults: TypeAlias = Callable[[Any], Iterator[Fault]]
"""Goes through what of a value is wrong; the same may come more than once."""

_MEND = "give a JSON schema with 'properties' or another rule, or a pydantic model's class"
_SAYS_NOTHING = {"$schema", "$id", "title", "description", "$defs"}


def faults_of(schema: Mapping[str, Any] | type[BaseModel], field: str = "schema") -> Faults:
    """How to find what of a value is against the schema. A field that is missing is a fault in its own place.

    Nothing is fetched: a schema refers to nothing but itself.

    Args:
        schema: A JSON schema as a dict (extra `schema`), or a pydantic model's class.
        field: What errors call it.

    Raises:
        ConfigurationError: the schema is empty, wrong, or refers to another one.
        MissingExtraError: for a JSON schema, when the extra is not installed.
    """
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return _of_model(schema)
    if not isinstance(schema, Mapping) or not set(schema) - _SAYS_NOTHING:
        raise ConfigurationError(field, schema, _MEND)
    return _of_json_schema(schema, field)


def spelled(place: Place) -> str:
    """A place in dots, positions in lists in brackets: `items[0].price`."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return words.removeprefix(".")


def _of_model(model: type[BaseModel]) -> Faults:
    def faults(value: Any) -> Iterator[Fault]:
        try:
            model.model_validate(value)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_context=False, include_input=False):
                yield tuple(one["loc"]), one["msg"]

    return faults


def _of_json_schema(schema: Mapping[str, Any], field: str) -> Faults:
    try:
        from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415
        from jsonschema.validators import validator_for  # noqa: PLC0415
        from referencing import Registry  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("schema", "a JSON schema") from error
    outside = next((ref for ref in _references(schema, DEPTH) if not ref.startswith("#")), None)
    if outside is not None:
        raise ConfigurationError(f"{field}.$ref", outside, "refer within the schema only, as in '#/$defs/Name'")
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(dict(schema))
    except SchemaError as error:
        where = ".".join([field, *map(str, error.absolute_path)])
        raise ConfigurationError(where, error.instance, f"{_MEND} ({message_of(error).splitlines()[0]})") from error
    validator = kind(dict(schema), registry=Registry())

    def faults(value: Any) -> Iterator[Fault]:
        error: Any
        for error in validator.iter_errors(value):
            place = tuple(error.absolute_path)
            if error.validator == "required" and isinstance(error.validator_value, list):  # drafts to 3 have a boolean
                yield from (
                    ((*place, name), "is required") for name in error.validator_value if name not in error.instance
                )
            else:
                yield place, error.message

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
