"""What callers say in seconds and in words, looked at before anything is done with it."""

from __future__ import annotations

import math

from langgraph_quorum.state.errors import ConfigurationError


def check_seconds(field: str, seconds: float, least: float = 0.0) -> None:
    """Refuse a time without an end, and what is no number: a timer set to it would never go off, or disturb others.

    Args:
        field: Its name, for the error.
        seconds: As given.
        least: The smallest that makes sense.

    Raises:
        ConfigurationError: naming the field.
    """
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not number or not least <= seconds < math.inf:
        raise ConfigurationError(field, seconds, f"give seconds from {least:g}, with an end")


def check_reason(reason: str | None) -> None:
    """Refuse a reason that could not be kept.

    Raises:
        ConfigurationError: it is not said in words.
    """
    if reason is not None and not isinstance(reason, str):
        raise ConfigurationError("reason", reason, "say it in words, or leave it out")
