"""A result as the merger sees it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Scored(NamedTuple):
    """One result with what is known of its worth.

    Attributes:
        branch_id: Whose result it is.
        specialist: Who answered.
        value: The result, JSON primitives.
        quality: Measured quality 0..1, None when nothing was measured.
        seconds: How long it took, from 0, None when unknown.
        group: What it is about.
        type: The specialist's type.
        at: When it was begun, ISO 8601 with a zone, None when unknown.
    """

    branch_id: str
    specialist: str
    value: Any
    quality: float | None = None
    seconds: float | None = None
    group: str = ""
    type: str = ""
    at: str | None = None
