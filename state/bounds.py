"""Checks of numbers that policies share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from langgraph_quorum.state.errors import ConfigurationError


def is_number(value: object) -> bool:
    """Whether it is a number, and not a boolean or NaN."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and not math.isnan(value)
    )


def is_count_or_share(value: float) -> bool:
    """Whether it is a count from 0, or a share in 0..1 as a float."""
    return 0 <= value <= 1 if isinstance(value, float) else value >= 0


def is_whole(value: float) -> bool:
    """Whether it has no fraction."""
    return isinstance(value, int) or (not math.isinf(value) and value == int(value))


def require(error: type[ConfigurationError], name: str, value: Any, allowed: Callable[[Any], bool], mend: str) -> None:
    """Refuse what is no number or not allowed.

    Raises:
        ConfigurationError: of the kind given, naming the field and the mend.
    """
    if not is_number(value) or not allowed(value):
        raise error(name, value, mend)


def require_names(error: type[ConfigurationError], name: str, value: Any, mend: str) -> None:
    """Refuse what is no tuple or list of strings.

    Raises:
        ConfigurationError: of the kind given, naming the field and the mend.
    """
    if not isinstance(value, (tuple, list)) or not all(isinstance(one, str) for one in value):
        raise error(name, value, mend)
