"""The channels of the graph that is running, found by the form of their names: there is no public accessor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.config import get_config

TO_NODE = "branch:to:"
"""How the name of a channel begins that triggers a node."""


def running_channels() -> Mapping[str, Any]:
    """By name; empty outside of a run, and where they cannot be found."""
    try:
        read = get_config().get("configurable", {}).get("__pregel_read")
    except RuntimeError:
        return {}
    for given in getattr(read, "args", ()):
        if isinstance(given, Mapping) and any(str(one).startswith(TO_NODE) for one in given):
            return given
    return {}
