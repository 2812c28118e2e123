"""How far results on the same subject, by specialists of the same type, agree with each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from sys import float_info
from typing import Any, TypeAlias

from langgraph_quorum.nodes.merging.scored import Scored

LISTS = 64
"""Lists that a list is compared with at most: of more, so many are taken, evenly spread in the order of branch ids."""

_PLAIN = (str, int, float, bool)
_Field: TypeAlias = tuple[str, str]
"""A field's name with the kind of its value: values of different kinds are not compared."""


def consistencies(results: Sequence[Scored]) -> dict[str, float]:
    """By branch, the mean agreement of its fields with those of its peers, 0..1. Branches without peers are left out.

    Peers are results of the same group by specialists of the same, non-empty type: only they answer the same question.
    Numbers agree by 1 - |a - b| / max(|a|, |b|), lists of plain values by their Jaccard index, other plain values when
    they are equal. Fields that only one of two results has do not count, nor NaN, infinities and integers beyond all
    floats.

    The time grows as n log n with the peers. Numbers and words are held against all peers, lists against all up to 65
    peers, else against `LISTS` of them that stand for all.
    """
    peers: dict[tuple[str, str], list[Scored]] = defaultdict(list)
    for result in results:
        if result.type and isinstance(result.value, Mapping):
            peers[result.group, result.type].append(result)
    return {branch_id: mean for members in peers.values() if len(members) > 1 for branch_id, mean in _within(members)}


def _within(members: Sequence[Scored]) -> list[tuple[str, float]]:
    """Each member that has something in common with another, and their mean agreement."""
    members = sorted(members, key=lambda one: one.branch_id)
    sums, pairs = [0.0] * len(members), [0] * len(members)
    for (_, kind), holding in _fields(members):
        others = len(holding) - 1
        agreements = _AGREEMENTS[kind]([value for _, value in holding]) if others else ()
        for (number, _), agreement in zip(holding, agreements, strict=False):
            sums[number] += agreement * others
            pairs[number] += others
    return [(one.branch_id, total / count) for one, total, count in zip(members, sums, pairs, strict=True) if count]


def _fields(members: Sequence[Scored]) -> list[tuple[_Field, list[tuple[int, Any]]]]:
    """What can be compared: by field, each member's number and value."""
    fields: dict[_Field, list[tuple[int, Any]]] = defaultdict(list)
    for number, one in enumerate(members):
        for name, value in one.value.items():
            kind = _kind(value)
            if kind and name != "confidence":
                fields[name, kind].append((number, value))
    return sorted(fields.items())


def _kind(value: Any) -> str:
    """How it is compared; "" when it is not."""
    if isinstance(value, (str, bool)):
        return "word"
    if isinstance(value, (int, float)):
        return "number" if abs(value) <= float_info.max else ""
    return "list" if isinstance(value, list) and all(isinstance(item, _PLAIN) for item in value) else ""


def _of_words(words: Sequence[str | bool]) -> list[float]:
    """Of each word, the share of the others that are the same."""
    count = Counter(words)
    return [(count[word] - 1) / (len(words) - 1) for word in words]


def _of_numbers(numbers: Sequence[float]) -> list[float]:
    """Of each number, its mean agreement with the others.

    Of two numbers with the same sign, 1 - |a - b| / max(|a|, |b|) is the smaller over the larger; those of different
    signs do not agree at all. So a number's sum over all that are smaller follows from the sum of its neighbour.
    """
    sizes, sums = [abs(number) for number in numbers], [0.0] * len(numbers)
    above = [place for place, number in enumerate(numbers) if number > 0]
    below = [place for place, number in enumerate(numbers) if number < 0]
    for side in (above, below):
        rising = sorted(side, key=sizes.__getitem__)
        for order in (rising, rising[::-1]):
            total = 0.0
            for last, place in pairwise(order):
                total = (total + 1) * (min(sizes[last], sizes[place]) / max(sizes[last], sizes[place]))
                sums[place] += total
    zeros, others = sizes.count(0), len(numbers) - 1
    return [(total if size else zeros - 1) / others for size, total in zip(sizes, sums, strict=True)]


def _of_lists(lists: Sequence[Sequence[Any]]) -> list[float]:
    """Of each list, its mean agreement with the others, or with a sample of them."""
    sets = [frozenset(one) for one in lists]
    step = max(1.0, (len(sets) - 1) / LISTS)
    sample = [int(number * step) for number in range(min(len(sets), LISTS + 1))]
    found = []
    for place, one in enumerate(sets):
        seen = [_jaccard(one, sets[other]) for other in sample if other != place]
        found.append(sum(seen) / len(seen))
    return found


def _jaccard(one: frozenset[Any], other: frozenset[Any]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 1.0


_AGREEMENTS: Mapping[str, Callable[[Sequence[Any]], list[float]]] = {
    "word": _of_words,
    "number": _of_numbers,
    "list": _of_lists,
}
