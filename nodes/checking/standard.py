"""The checks that every workflow makes, and those that it was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph_quorum.nodes.checking.check import Check
from langgraph_quorum.nodes.checking.coverage import coverage
from langgraph_quorum.nodes.checking.growth import growth
from langgraph_quorum.nodes.checking.quality import flagged, quality_target
from langgraph_quorum.nodes.checking.successes import successes
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import ValidationPolicy

STANDARD = frozenset({"minimum", "coverage", "growth", "quality", "review"})
"""Names of the checks that every workflow makes. None of them looks into a value."""


def checks_of(policy: ValidationPolicy, given: Sequence[Any]) -> tuple[Check, ...]:
    """The standard checks, then the given ones; a given one takes the place of the standard one of its name.

    The standard ones are `minimum` (with `quorum`), `coverage`, `growth`, `quality` and `review`.

    Args:
        policy: Says which quality is asked for.
        given: Checks, or functions that are made checks with the default severity.

    Raises:
        ConfigurationError: one is neither, or two have one name.
    """
    own: dict[str, Check] = {}
    for number, one in enumerate(given):
        if not isinstance(one, Check) and (not callable(one) or isinstance(one, type)):
            mend = "give a function of what is checked, or Check(function, severity=...)"
            raise ConfigurationError(f"checks[{number}]", one, mend)
        check = one if isinstance(one, Check) else Check(one)
        if check.name in own:
            raise ConfigurationError(f"checks[{number}].name", check.name, "two checks have this name: rename one")
        own[check.name] = check
    standard = [successes(), coverage(), growth(), quality_target(policy.quality), flagged()]
    return (*(own.pop(check.name, check) for check in standard), *own.values())
