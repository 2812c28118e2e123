"""Whether results say different things about the same."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from langgraph_quorum.nodes.checking.check import Check, Checked, Severity, finding
from langgraph_quorum.nodes.merging.combine import CATEGORY_LENGTH
from langgraph_quorum.state.bounds import require, require_names
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import CheckFinding

SHOWN = 20
"""Fields that are told at most, and branches of one side that a message names at most a quarter of."""

Side: TypeAlias = tuple[Any, list[str]]
"""A value, and the branches that hold it or one close to it."""


def contradictions(
    tolerance: float = 0.05, fields: Sequence[str] = (), severity: Severity = "error", name: str = "contradictions"
) -> Check:
    """No two results about the same group disagree in a field that both have. Names the branches on all sides.

    Numbers disagree when they are further apart than `tolerance` times the larger; booleans and words (strings of up
    to 40 characters in one line) when they are not equal. Longer texts, lists, and a stated `confidence` are not
    compared.

    Args:
        tolerance: Relative, 0..1.
        fields: Dotted paths of what is compared, with all below them; all there are when left out.
        severity: Of its findings.
        name: Of the check.

    Raises:
        ConfigurationError: the tolerance is out of its bounds, or `fields` is no list of names.
    """
    error = ConfigurationError
    require(error, "contradictions.tolerance", tolerance, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")
    require_names(error, "contradictions.fields", fields, "give a list of dotted paths")

    def check(checked: Checked) -> list[CheckFinding]:
        held: dict[tuple[str, str], list[tuple[Any, str]]] = defaultdict(list)
        for branch_id, result in checked.results().items():
            for path, value in _leaves(result, ""):
                if _is_asked(path, fields):
                    held[checked.branches[branch_id]["group"], path].append((value, branch_id))
        found = []
        for (group, path), values in sorted(held.items()):
            sides = _sides(values, tolerance)
            if len(sides) > 1:
                branches = sorted(branch for _, side in sides for branch in side)
                where = f"{group}: {path}" if group else path
                message = f"{where or 'the result'}: {' against '.join(map(_side_in_words, sides))}"
                found.append(finding(name, message, severity, branches, path))
        more = len(found) - SHOWN
        return found if more <= 0 else [*found[:SHOWN], finding(name, f"{more} more fields disagree", severity)]

    return Check(check, name, severity, math.inf)


def _is_asked(path: str, fields: Sequence[str]) -> bool:
    if not fields:
        return path != "confidence"
    return any(path == field or path.startswith(f"{field}.") for field in fields)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """What can be compared in a value, with its dotted path."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, (bool, int, float)) or (
        isinstance(value, str) and len(value) <= CATEGORY_LENGTH and "\n" not in value
    ):
        yield path, value


def _sides(values: Sequence[tuple[Any, str]], tolerance: float) -> list[Side]:
    """Who stands together, the larger side first. Numbers of a side are within the tolerance of its smallest."""
    words: dict[str, Side] = {}
    numbers: list[tuple[float, str]] = []
    for value, branch_id in values:
        if isinstance(value, (bool, str)):
            words.setdefault(json.dumps(value), (value, []))[1].append(branch_id)
        else:
            numbers.append((value, branch_id))
    sides = list(words.values())
    for value, branch_id in sorted(numbers):
        if sides and not isinstance(sides[-1][0], (bool, str)) and _is_close(sides[-1][0], value, tolerance):
            sides[-1][1].append(branch_id)
        else:
            sides.append((value, [branch_id]))
    return sorted(sides, key=lambda side: (-len(side[1]), json.dumps(side[0])))


def _is_close(one: float, other: float, tolerance: float) -> bool:
    return math.isclose(one, other, rel_tol=max(tolerance, 1e-12))


def _side_in_words(side: Side) -> str:
    value, branches = side
    named = sorted(branches)[: SHOWN // 4]
    return f"{value!r} ({', '.join(named)}{', ...' if len(branches) > len(named) else ''})"
