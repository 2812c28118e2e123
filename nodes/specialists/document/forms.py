"""The forms of what the shipped graphs make of documents: what a person edits has to have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

from langgraph_quorum.nodes.checking.check import Check, Checked
from langgraph_quorum.nodes.checking.schema import schema

_STRICT = ConfigDict(strict=True)
_Share = Annotated[float, Field(ge=0, le=1)]


class _Finding(BaseModel):
    model_config = _STRICT

    kind: str
    text: str
    where: dict[str, Any]


class _Part(BaseModel):
    """What one specialist found in a document."""

    model_config = _STRICT

    headline: str
    findings: list[_Finding]
    findings_count: Annotated[int, Field(ge=0)]
    measures: dict[str, float]


class _Digest(BaseModel):
    model_config = _STRICT

    specialists: dict[str, _Part]
    look_next: list[_Finding]


class _Document(BaseModel):
    model_config = _STRICT

    value: _Digest
    quality: _Share
    confidence_interval: Annotated[list[_Share], Field(min_length=2, max_length=2)]
    contributions: dict[str, _Share]


class Analysis(RootModel[Annotated[dict[str, _Document], Field(min_length=1)]]):
    """A digest of each document, by the document's name."""


class SignOff(BaseModel):
    """Documents that may go out, and those that are sent back with why."""

    model_config = ConfigDict(strict=True, extra="forbid")

    signed: list[str]
    sent_back: Mapping[str, str]


def form(of: type[BaseModel], strategy: str) -> Check:
    """A check that the merged value is of this form, where it was made by the graph's own strategy.

    A run may name another strategy, whose value has a form of its own: of that it finds nothing.

    Args:
        of: The form.
        strategy: The name of the graph's own.
    """
    asked = schema(of, name="form")

    def check(checked: Checked) -> Any:
        if checked.merged is None or checked.merged["strategy"] != strategy:
            return None
        return asked.run(checked)

    return replace(asked, run=check)
