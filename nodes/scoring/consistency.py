"""How far results on the same subject, by specialists of the same type, agree with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum.nodes.merging.scored import Scored


def consistencies(results: Sequence[Scored]) -> dict[str, float]:
    """By branch, the mean agreement of its fields with those of its peers, 0..1. Branches without peers are left out.

    Peers are results of the same group by specialists of the same, non-empty type: only they answer the same question.
    Numbers agree by 1 - |a - b| / max(|a|, |b|), lists of plain values by their Jaccard index, other plain values when
    they are equal. Fields that only one of two results has do not count.
    """
    peers: dict[tuple[str, str], list[Scored]] = defaultdict(list)
    for result in results:
        if result.type and isinstance(result.value, Mapping):
            peers[result.group, result.type].append(result)
    found: dict[str, float] = {}
    for members in peers.values():
        for one in members:
            scores = [
                agreement
                for other in members
                if other is not one
                for name in sorted(one.value.keys() & other.value.keys() - {"confidence"})
                if (agreement := _agreement(one.value[name], other.value[name])) is not None
            ]
            if scores:
                found[one.branch_id] = sum(scores) / len(scores)
    return found


def _agreement(one: Any, other: Any) -> float | None:
    if _is_number(one) and _is_number(other):
        largest = max(abs(one), abs(other))
        return max(0.0, 1 - abs(one - other) / largest) if largest else 1.0
    if isinstance(one, list) and isinstance(other, list):
        return _jaccard(one, other)
    if isinstance(one, (str, bool)) and isinstance(other, (str, bool)):
        return float(one == other)
    return None


def _jaccard(one: list[Any], other: list[Any]) -> float | None:
    if not all(isinstance(item, (str, int, float, bool)) for item in [*one, *other]):
        return None
    union = set(one) | set(other)
    return len(set(one) & set(other)) / len(union) if union else 1.0


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
