"""Checks of single fields: does a number lie in its range, a text follow its pattern, a word come from its list."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from langgraph_quorum.nodes.scoring.fields import all_at
from langgraph_quorum.nodes.scoring.quality import UNMEASURED, quality, shortened
from langgraph_quorum.nodes.scoring.scorer import Measure
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.bounds import is_number
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import Quality

TEXT_LENGTH = 10_000
"""Characters of a text that a pattern is held against; a longer one does not follow it."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Range:
    """A field holds a number from `low` to `high`, both included. The field is a dotted path; lists are gone through.

    Raises:
        ConfigurationError: for a bound that is no number, and when nothing can lie in the range.
    """

    field: str
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        _check_field(self.field)
        for name, bound in (("low", self.low), ("high", self.high)):
            if not is_number(bound):
                raise ConfigurationError(name, bound, "give a number, or leave it out")
        if not self.low <= self.high:
            raise ConfigurationError("low", self.low, f"give a number up to high={self.high!r}")

    def holds(self, value: Any) -> bool:
        """Whether the value is such a number."""
        return isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A field holds a text that follows a regular expression from its beginning to its end.

    Python holds the whole process while it matches: give a pattern that cannot backtrack without end.

    Raises:
        ConfigurationError: for what is no regular expression.
    """

    field: str
    regex: str

    def __post_init__(self) -> None:
        _check_field(self.field)
        try:
            re.compile(self.regex)
        except (re.error, TypeError) as error:
            raise ConfigurationError("regex", self.regex, f"give a regular expression ({error})") from error

    def holds(self, value: Any) -> bool:
        """Whether the value is such a text."""
        short_text = isinstance(value, str) and len(value) <= TEXT_LENGTH
        return short_text and re.fullmatch(self.regex, value) is not None

    def __str__(self) -> str:
        return f"a text like {self.regex}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """A field holds one of these values.

    Raises:
        ConfigurationError: when there are none.
    """

    field: str
    values: Collection[Any]

    def __post_init__(self) -> None:
        _check_field(self.field)
        if isinstance(self.values, str) or not isinstance(self.values, Collection) or not self.values:
            raise ConfigurationError("values", self.values, "give a list of allowed values, at least one")

    def holds(self, value: Any) -> bool:
        """Whether the value is one of them. 1 and True are not the same."""
        return any(type(one) is type(value) and one == value for one in self.values)

    def __str__(self) -> str:
        return f"one of {list(self.values)}"


def well_formed(*checks: Range | Pattern | OneOf) -> Measure:
    """A scorer: the share of the checks that hold. One whose field is absent or None is not counted.

    A check holds when every value at its field passes.

    Raises:
        ConfigurationError: when there is no check, or something else among them.
    """
    if not checks or not all(isinstance(check, (Range, Pattern, OneOf)) for check in checks):
        raise ConfigurationError("checks", checks, "give Range(...), Pattern(...) or OneOf(...), at least one")

    def of(_who: Specialist | None, _branch: Branch, result: Any) -> Quality:
        failed, counted = [], 0
        for check in checks:
            values = all_at(result, check.field)
            counted += bool(values)
            wrong = [value for value in values if not check.holds(value)]
            if wrong:
                failed.append(f"{check.field}={shortened(repr(wrong[0]), _SHOWN)} is not {check}")
        if not counted:
            return UNMEASURED
        held = counted - len(failed)
        return quality(held / counted, [f"{held} of {counted} checks hold", *failed])

    return Measure("well_formed", of, "thread" if any(isinstance(check, Pattern) for check in checks) else "inline")


def _check_field(field: Any) -> None:
    if not isinstance(field, str) or not field:
        raise ConfigurationError("field", field, "give the dotted path of a field")
