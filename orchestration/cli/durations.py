"""Durations as people type them: `90s`, `15m`, `2h`, `7d`."""

from __future__ import annotations

import re

from langgraph_quorum.orchestration.cli.exits import RefusedError

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")


def duration_s(option: str, text: str | None) -> float | None:
    """The seconds of a duration: a number with s, m, h, d or w, or several (`1h30m`); None when none was given.

    Args:
        option: Which option it was given with.
        text: As it was typed.

    Raises:
        RefusedError: it is no duration.
    """
    if text is None:
        return None
    parts = _PART.findall(text)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != text:
        raise RefusedError(f"{option} {text}: give a number with its unit: 90s, 15m, 2h, 7d")
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts)
