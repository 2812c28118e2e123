"""When a result was made: by a timestamp it carries, else by when its branch began."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from langgraph_quorum.nodes.merging.scored import Scored


def instant_of(result: Scored, timestamp: str) -> float | None:
    """Seconds since 1970, None when nothing says.

    Args:
        result: Its field `timestamp` holds ISO 8601 (UTC where no zone is given) or seconds since 1970.
        timestamp: Dotted name of that field; empty for the time the branch began.
    """
    if not timestamp:
        return _instant(result.at)
    value = result.value
    for name in timestamp.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return _instant(value)


def _instant(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
