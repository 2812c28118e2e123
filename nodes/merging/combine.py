"""Combining values field by field, each kind of value in its own way. Independent of the order of its input."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from langgraph_quorum.nodes.merging.interval import weighted_interval

Weighed = tuple[Any, float, str]
"""A value, its weight, and the branch it comes from."""

_spelled = json.JSONEncoder(sort_keys=True).encode

CATEGORY_LENGTH = 40
"""A string up to this long without a line break is a category to vote on; a longer one is a text to select."""


def combine(values: Sequence[Weighed], path: str, notes: dict[str, Any]) -> Any:
    """One value of many. Where kinds differ, the kind with most weight wins and the others are noted as dissent.

    Args:
        values: At least one.
        path: Dotted name of the field, for the notes.
        notes: Takes, by path, intervals, support and dissent.
    """
    return _combined(sorted(values, key=itemgetter(2)), path, notes)


def _combined(values: Sequence[Weighed], path: str, notes: dict[str, Any]) -> Any:
    """The same for values in the order of their branches."""
    kinds: dict[str, list[Weighed]] = defaultdict(list)
    for value in values:
        kinds[_kind(value[0])].append(value)
    if len(kinds) > 1:
        kinds.pop("nothing", None)
    winner = next(iter(kinds))
    if len(kinds) > 1:
        winner = max(sorted(kinds), key=lambda kind: sum(weight for _, weight, _ in kinds[kind]))
        others = [branch for kind, members in kinds.items() if kind != winner for _, _, branch in members]
        notes.setdefault(path or "value", {})["other_kinds"] = sorted(others)
    return _COMBINERS[winner](kinds[winner], path, notes)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text" if len(value) > CATEGORY_LENGTH or "\n" in value else "category"
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "fields"
    if isinstance(value, list):
        return "items"
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else "category"


def _fields(values: Sequence[Weighed], path: str, notes: dict[str, Any]) -> dict[str, Any]:
    by_name: dict[str, list[Weighed]] = defaultdict(list)
    for value, weight, branch in values:
        for name, item in value.items():
            by_name[name].append((item, weight, branch))
    return {name: _combined(by_name[name], f"{path}.{name}" if path else name, notes) for name in sorted(by_name)}


def _number(values: Sequence[Weighed], path: str, notes: dict[str, Any]) -> float:
    one: float = values[0][0]
    if all(type(value) is type(one) and value == one for value, _, _ in values):
        return one  # agreed: an integer stays one
    shares = _shares([weight for _, weight, _ in values])
    mean = math.fsum(value * share for (value, _, _), share in zip(values, shares, strict=True))
    if len(values) > 1:
        low, high = weighted_interval([value for value, _, _ in values], shares)
        if math.isfinite(low) and math.isfinite(high):
            notes.setdefault(path or "value", {})["confidence_interval"] = [low, high]
    return mean


def _category(values: Sequence[Weighed], path: str, notes: dict[str, Any]) -> Any:
    votes: dict[str, list[Weighed]] = defaultdict(list)
    for value in values:
        votes[_spelled(value[0])].append(value)
    weights = {key: math.fsum([weight for _, weight, _ in members]) for key, members in votes.items()}
    shares = dict(zip(weights, _shares(list(weights.values())), strict=True))
    winner = max(sorted(votes), key=lambda key: weights[key])
    if len(values) > 1:
        note = notes.setdefault(path or "value", {})
        note["support"] = {_label(key, votes[key][0][0]): share for key, share in sorted(shares.items())}
        if len(votes) > 1:
            note["dissent"] = sorted(branch for key in votes if key != winner for _, _, branch in votes[key])
    return votes[winner][0][0]


def _shares(weights: Sequence[float]) -> list[float]:
    """The weights brought to a sum of 1; equal ones when all are 0: a field may stand only in results of no weight."""
    total = math.fsum(weights)
    return [weight / total for weight in weights] if total > 0 else [1 / len(weights)] * len(weights)


def _label(key: str, value: Any) -> str:
    return value if isinstance(value, str) else key


def _text(values: Sequence[Weighed], path: str, notes: dict[str, Any]) -> str:
    text, _, branch = min(values, key=lambda item: (-item[1], item[2]))
    notes.setdefault(path or "value", {})["chosen"] = branch
    return str(text)


def _items(values: Sequence[Weighed], path: str, notes: dict[str, Any]) -> list[Any]:
    """The union, best supported first; what supports an item is the weight of the results that hold it."""
    support: dict[str, float] = defaultdict(float)
    held: dict[str, list[str]] = defaultdict(list)
    first: dict[str, Any] = {}
    for value, weight, branch in values:
        for key, item in {_spelled(item): item for item in value}.items():
            support[key] += weight
            held[key].append(branch)
            first.setdefault(key, item)
    ranked = sorted(first, key=lambda key: (-round(support[key], 12), key))
    if len(values) > 1 and ranked:
        notes.setdefault(path or "value", {})["items"] = [
            {"support": round(support[key], 6), "branches": held[key]} for key in ranked
        ]
    return [first[key] for key in ranked]


def _nothing(values: Sequence[Weighed], path: str, notes: dict[str, Any]) -> None:
    del values, path, notes


_COMBINERS: dict[str, Callable[[Sequence[Weighed], str, dict[str, Any]], Any]] = {
    "fields": _fields,
    "items": _items,
    "number": _number,
    "category": _category,
    "text": _text,
    "nothing": _nothing,
}
