"""Text, numbers and places in the form in which people read them, safe for a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

UNNAMED = "main"
"""What a sync point is called that nobody has given a name; it is not shown."""

_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86_400
_FINE_S = 10
_TWO_BOUNDS = 2


def printable(text: str) -> str:
    """The text on one line, without control characters: nothing in a document or a file name steers the terminal."""
    folded = " ".join(text.split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in folded)


def shortened(text: str, limit: int) -> str:
    """The text on one line, cut at a word's end when it has more than `limit` characters."""
    text = printable(text)
    if len(text) <= limit:
        return text
    cut = text[: max(1, limit - 1)]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > limit // 2 else cut).rstrip(" ,;:") + "…"


def seconds(value: float | None) -> str:
    """A duration of seconds: `0.8 s`, `42 s`, `3 min 05 s`, `2 h 10 min`; a dash when there is none."""
    if value is None or not math.isfinite(value):
        return "-"
    if value < _FINE_S:
        return f"{value:.1f} s"
    if value < _MINUTE_S:
        return f"{value:.0f} s"
    if value < _HOUR_S:
        return f"{int(value // _MINUTE_S)} min {int(value % _MINUTE_S):02d} s"
    return f"{int(value // _HOUR_S)} h {int(value % _HOUR_S // _MINUTE_S):02d} min"


def age(passed: timedelta) -> str:
    """How long ago something was, in its largest unit: `12 s`, `5 min`, `3 h`, `9 days`."""
    value = max(0.0, passed.total_seconds())
    for unit_s, unit in ((_DAY_S, "days"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if value >= unit_s:
            count = int(value // unit_s)
            return f"{count} {'day' if unit == 'days' and count == 1 else unit}"
    return f"{int(value)} s"


def share(value: float | None) -> str:
    """`0.92`; a dash when there is none."""
    return "-" if value is None else f"{value:.2f}"


def interval(bounds: Sequence[float | None] | None) -> str:
    """`0.92 to 0.96`; a dash when there is none."""
    if bounds is None or len(bounds) != _TWO_BOUNDS:
        return "-"
    return f"{share(bounds[0])} to {share(bounds[1])}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 branch`, `2 branches`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def place(where: Mapping[str, Any]) -> str:
    """Where a finding stands: `line 15`, `page 3`, `paragraph 12`, else its section."""
    if "line" in where:
        return f"line {where['line']}"
    if "page" in where:
        return f"page {where['page']}"
    if "block" in where:
        return f"paragraph {where['block']}"
    return f'in "{shortened(str(where["section"]), 40)}"' if where.get("section") else "in the document"
