"""Combining values field by field, each kind of value in its own way. Independent of the order of its input."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from langgraph_quorum.nodes.merging.fields import by_value, shown, spelled, weight_of
from langgraph_quorum.nodes.merging.holders import Holders
from langgraph_quorum.nodes.merging.interval import IntervalName, interval_by
from langgraph_quorum.nodes.merging.mean import ALONE, effective_count, weighted_mean
from langgraph_quorum.nodes.merging.notes import Notes, Weighed, share_of, shares

CATEGORY_LENGTH = 40
"""A string up to this long without a line break is a category to vote on; a longer one is a text to select."""

BEYOND = "a bound of the interval is beyond the largest number"

_WORDS = {"fields": "fields", "items": "a list", "number": "a number", "category": "a category", "text": "a text"}


class Combiner:
    """Combines values by weight and notes how.

    Args:
        notes: Takes intervals, support, dissent and what is left out.
        interval: How the intervals of numbers are made.
    """

    def __init__(self, notes: Notes, interval: IntervalName = "student_t") -> None:
        self._notes = notes
        self._interval: IntervalName = interval
        self._combiners: dict[str, Callable[[Sequence[Weighed], str], Any]] = {
            "fields": self._fields,
            "items": self._items,
            "number": self._number,
            "category": self._category,
            "text": self._text,
        }

    def combined(self, values: Sequence[Weighed], path: str = "") -> Any:
        """One value of many. Where kinds differ, the kind with most weight wins and the others are discarded.

        Args:
            values: At least one.
            path: Dotted name of the field, for the notes.
        """
        return self._combined(sorted(values, key=itemgetter(2)), path)

    def _combined(self, values: Sequence[Weighed], path: str) -> Any:
        """The same for values in the order of their branches."""
        kinds: dict[str, list[Weighed]] = defaultdict(list)
        for value in values:
            kinds[_kind(value[0])].append(value)
        nothing = kinds.pop("nothing", [])
        if not kinds:
            self._notes.rests_on(path, nothing)
            return None
        winner = next(iter(kinds))
        if len(kinds) > 1:
            winner = max(sorted(kinds), key=lambda kind: weight_of(kinds[kind]))
            for kind in kinds.keys() - {winner}:
                self._notes.leaves_out(path, kinds[kind], f"{_WORDS[kind]}, where most weight holds {_WORDS[winner]}")
        return self._combiners[winner](kinds[winner], path)

    def _fields(self, values: Sequence[Weighed], path: str) -> dict[str, Any]:
        by_name: dict[str, list[Weighed]] = defaultdict(list)
        for value, weight, branch in values:
            for name, item in value.items():
                by_name[name].append((item, weight, branch))
        if not by_name:
            self._notes.rests_on(path, values)
        return {name: self._combined(by_name[name], f"{path}.{name}" if path else name) for name in sorted(by_name)}

    def _number(self, values: Sequence[Weighed], path: str) -> float:
        self._notes.rests_on(path, values)
        one: float = values[0][0]
        if all(type(value) is type(one) and value == one for value, _, _ in values):
            return one  # agreed: an integer stays one
        numbers, parts = [value for value, _, _ in values], shares([weight for _, weight, _ in values])
        mean = weighted_mean(numbers, parts)
        low, high, method = interval_by(self._interval, numbers, parts)
        if math.isfinite(low) and math.isfinite(high):
            interval = [min(low, mean), max(high, mean)]
            self._notes.note(path, confidence_interval=interval, interval_method=method)
        elif effective_count(parts) > 1 + ALONE:
            self._notes.note(path, no_interval=BEYOND)
        return mean

    def _category(self, values: Sequence[Weighed], path: str) -> Any:
        return vote(values, [weight for _, weight, _ in values], path, self._notes)[0]

    def _text(self, values: Sequence[Weighed], path: str) -> str:
        text, _, branch = min(values, key=lambda item: (-item[1], item[2]))
        self._notes.rests_on(path, [value for value in values if value[0] == text])
        self._notes.leaves_out(
            path, [value for value in values if value[0] != text], f"the text of {branch} weighs more"
        )
        self._notes.note(path, chosen=branch)
        return str(text)

    def _items(self, values: Sequence[Weighed], path: str) -> list[Any]:
        """The union, best supported first, equals in the order of the heaviest result that holds them."""
        ordered = sorted(values, key=lambda one: (-one[1], one[2]))
        items: dict[str, Any] = {}
        holders = Holders()
        for number, (value, _, branch) in enumerate(ordered):
            spellings = list(map(spelled, value))
            for key, item in zip(spellings, value, strict=True):
                items.setdefault(key, item)
            holders.hold(dict.fromkeys(spellings), number)
            if value:
                self._notes.sources.add(branch)
        if not items:
            self._notes.rests_on(path, values)
        members = {group: [ordered[place] for place in places] for group, places in holders.places().items()}
        support = {group: share_of([weight for _, weight, _ in held]) for group, held in members.items()}
        rank = {group: -round(share, 12) for group, share in support.items()}
        ranked = sorted(items, key=lambda key: rank[holders.group[key]])
        groups = [holders.group[key] for key in ranked]
        before = f"{path}." if path else ""
        self._notes.support.update({f"{before}{number}": support[group] for number, group in enumerate(groups)})
        if len(values) > 1 and ranked:
            names = {group: sorted([branch for _, _, branch in held]) for group, held in members.items()}
            self._notes.note(path, held_by=[names[group] for group in groups])
        return [items[key] for key in ranked]


def vote(values: Sequence[Weighed], votes: Sequence[float], path: str, notes: Notes) -> tuple[Any, float, bool]:
    """The value with most votes, its share of them, and whether another had as many.

    Of equals the one that weighs most wins, then the first by its spelling. The others are noted as dissent.

    Args:
        values: At least one, in the order of their branches.
        votes: What each counts here, from 0, one for each value.
        path: Of the field.
        notes: Takes support and dissent.
    """
    held = by_value(values)
    counts = dict(zip([branch for _, _, branch in values], votes, strict=True))
    sums = [math.fsum([counts[branch] for _, _, branch in members]) for members in held.values()]
    parts = dict(zip(held, shares(sums), strict=True))
    winner = min(held, key=lambda key: (-round(parts[key], 12), -round(weight_of(held[key]), 12), key))
    notes.rests_on(path, held[winner])
    for key, members in held.items():
        if key != winner:
            notes.differs(path, members[0][0], parts[key], members)
            notes.leaves_out(path, members, f"outvoted by {shown(held[winner][0][0])}")
    tied = sum([round(part, 12) == round(parts[winner], 12) for part in parts.values()]) > 1
    return held[winner][0][0], parts[winner], tied


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
