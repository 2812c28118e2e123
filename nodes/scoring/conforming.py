"""Completeness against a JSON schema or a pydantic model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice, takewhile
from typing import Any

from pydantic import BaseModel

from langgraph_quorum.nodes.scoring.fields import at, holds_something
from langgraph_quorum.nodes.scoring.quality import quality
from langgraph_quorum.nodes.scoring.schema_faults import faults_of, spelled
from langgraph_quorum.nodes.scoring.schema_fields import asked_for
from langgraph_quorum.nodes.scoring.scorer import Measure
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.records import Quality

FAULTS = 200
"""Faults of one result that are looked at."""
_TOLD = 5
"""Faults that evidence names."""


def conforming(schema: Mapping[str, Any] | type[BaseModel]) -> Measure:
    """A scorer: the share of the fields asked for that hold something and are as the schema wants them.

    Asked for are the required fields, of nested objects too; where none is required, all properties. A list is one
    field: it is wrong when any of its items is. What is wrong elsewhere (a field that is not allowed, an optional one
    of the wrong type) counts as one more field that was asked for and is not right. So with A asked for, W wrong and
    M that hold nothing, the share is `1 - |M or W| / |A or W|`.

    Args:
        schema: A JSON schema as a dict (extra `schema`), or a pydantic model's class.

    Raises:
        ConfigurationError: the schema is empty, wrong, or refers to another one.
        MissingExtraError: for a JSON schema, when the extra is not installed.
    """
    faults = faults_of(schema)
    fields = asked_for(schema.model_json_schema() if isinstance(schema, type) else schema)

    def of(_who: Specialist | None, _branch: Branch, result: Any) -> Quality:
        found = list(islice(faults(result), FAULTS))
        wrong = {_field(place, fields) for place, _ in found}
        asked = set(fields) or {""}
        empty = {path for path in asked if not holds_something(at(result, path) if path else result)}
        share = 1 - len(empty | wrong) / len(asked | wrong)
        line = f"{len(asked - empty - wrong)} of {len(asked)} fields of the schema are there and right"
        told = sorted({f"{spelled(place) or 'the result'}: {why}" for place, why in found})
        return quality(share, [line, *told[:_TOLD], *_more(told)], completeness=share)

    return Measure("conforming", of, "thread")


def _more(told: Collection[str]) -> list[str]:
    return [f"{len(told) - _TOLD} more faults"] if len(told) > _TOLD else []


def _field(place: tuple[str | int, ...], fields: Collection[str]) -> str:
    """The field that a fault counts against: one asked for at or above its place, else its place; "" for the whole.

    What stands within a list counts against the list.
    """
    names = list(takewhile(lambda step: isinstance(step, str), place))
    above = (".".join(map(str, names[:length])) for length in range(1, len(names) + 1))
    return next((path for path in above if path in fields), ".".join(map(str, names)))
