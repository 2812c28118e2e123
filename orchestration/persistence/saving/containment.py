"""Postgres' rule for `jsonb @> jsonb`, for metadata that Postgres cannot look into."""

from __future__ import annotations

import json
from typing import Any


def as_json(value: Any) -> Any:
    """The value as it comes back from JSON."""
    return json.loads(json.dumps(value))


def contains(held: Any, asked: Any) -> bool:
    """Whether all of `asked` is found in `held`: keys of objects, items of lists in any order, equal scalars."""
    if isinstance(asked, dict):
        return isinstance(held, dict) and all(
            key in held and contains(held[key], value) for key, value in asked.items()
        )
    if isinstance(asked, list):
        return isinstance(held, list) and all(any(contains(item, wanted) for item in held) for wanted in asked)
    return isinstance(held, bool) is isinstance(asked, bool) and bool(held == asked)
