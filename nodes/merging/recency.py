"""When a result was made: by a timestamp it carries, else by when its branch began."""

from __future__ import annotations

from datetime import UTC, datetime
from sys import float_info
from typing import Any

from langgraph_quorum.nodes.merging.scored import Scored


def time_told(result: Scored, timestamp: str) -> Any:
    """What a result says of when it was made, None when it says nothing.

    Args:
        result: One whose value may have a field `timestamp`.
        timestamp: Dotted name of that field; empty for the time the branch began.
    """
    if not timestamp:
        return result.at
    value = result.value
    for name in timestamp.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def instant(told: Any) -> float | None:
    """Seconds since 1970 of ISO 8601 (UTC where no zone is given) or of a number that is that; None of all else."""
    if isinstance(told, (int, float)) and not isinstance(told, bool):
        return float(told) if abs(told) <= float_info.max else None
    if not isinstance(told, str):
        return None
    try:
        moment = datetime.fromisoformat(told)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
