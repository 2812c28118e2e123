"""Values that are nested deeper than whoever reads them goes."""

from __future__ import annotations

from typing import Any


def nested(levels: int, innermost: Any = None) -> Any:
    """A value in so many lists, one in the other; 200 000 are deeper than any Python counts."""
    value = innermost
    for _ in range(levels):
        value = [value]
    return value
