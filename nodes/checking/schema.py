"""Whether the merged value has the form that was asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from langgraph_quorum.nodes.branching.failure import message_of
from langgraph_quorum.nodes.checking.check import Check, Checked, Severity, finding
from langgraph_quorum.state.errors import ConfigurationError, MissingExtraError
from langgraph_quorum.state.records import CheckFinding

SHOWN = 20
"""Faults that are told at most."""

Fault: TypeAlias = tuple[tuple[str | int, ...], str]
"""Where in a value, and what is wrong there."""
Faults: TypeAlias = Callable[[Any], list[Fault]]


def schema(expected: Mapping[str, Any] | type[BaseModel], severity: Severity = "error", name: str = "schema") -> Check:
    """The merged value is valid by a JSON schema (extra `schema`), or by a pydantic model. Each fault is a finding.

    A finding names its path, and the branches whose own results have that fault in that place. A schema refers to
    nothing but itself: nothing is fetched.

    Args:
        expected: The schema, as a dict, or the model's class.
        severity: Of its findings.
        name: Of the check.

    Raises:
        ConfigurationError: the schema is empty or wrong.
        MissingExtraError: for a JSON schema, when the extra is not installed.
    """
    faults = _by_model(expected) if isinstance(expected, type) else _by_json_schema(expected)

    def check(checked: Checked) -> list[CheckFinding]:
        if checked.merged is None or checked.merged["status"] == "no data":
            return []
        found = faults(checked.value)
        if not found:
            return []
        results = checked.results()
        own = {branch_id: {path for path, _ in faults(result)} for branch_id, result in results.items()}
        told = [
            finding(name, f"{spelled(path) or 'the result'}: {message}", severity, _at_fault(path, own), spelled(path))
            for path, message in found[:SHOWN]
        ]
        more = len(found) - len(told)
        return told if not more else [*told, finding(name, f"{more} more faults against the schema", severity)]

    return Check(check, name, severity, math.inf, of_value=True)


def _at_fault(path: tuple[str | int, ...], own: Mapping[str, set[tuple[str | int, ...]]]) -> list[str]:
    """Whose result it is that stands there whole, else whose results have the same fault."""
    if path and path[0] in own:
        return [str(path[0])]
    return sorted(branch_id for branch_id, paths in own.items() if path in paths)


def spelled(path: Sequence[str | int]) -> str:
    """A path in dots, positions in lists in brackets: `items[0].price`."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return words.removeprefix(".")


def _by_model(model: type) -> Faults:
    if not issubclass(model, BaseModel):
        raise ConfigurationError("schema.expected", model, "give a JSON schema as a dict, or a pydantic model's class")

    def faults(value: Any) -> list[Fault]:
        try:
            model.model_validate(value)
        except ValidationError as error:
            return [(tuple(one["loc"]), one["msg"]) for one in error.errors(include_url=False, include_context=False)]
        return []

    return faults


def _by_json_schema(expected: Any) -> Faults:
    if not isinstance(expected, Mapping) or not expected:
        raise ConfigurationError(
            "schema.expected", expected, "give a JSON schema that says something, or a pydantic model's class"
        )
    try:
        from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415
        from jsonschema.validators import validator_for  # noqa: PLC0415
        from referencing import Registry  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("schema", "a check against a JSON schema") from error
    kind = validator_for(expected, default=Draft202012Validator)
    try:
        kind.check_schema(dict(expected))
    except SchemaError as error:
        mend = f"{spelled(list(error.absolute_path)) or 'the schema'}: {message_of(error).splitlines()[0]}"
        raise ConfigurationError("schema.expected", expected, mend) from error
    validator = kind(dict(expected), registry=Registry())

    def faults(value: Any) -> list[Fault]:
        found = [(tuple(error.absolute_path), error.message) for error in validator.iter_errors(value)]
        return sorted(found, key=lambda fault: ([str(step) for step in fault[0]], itemgetter(1)(fault)))

    return faults
