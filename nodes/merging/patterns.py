"""`patterns`: what recurs across results, what stands alone, and whether chance explains it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from langgraph_quorum.nodes.merging.chance import adjusted, binomial_tail
from langgraph_quorum.nodes.merging.fields import spelled
from langgraph_quorum.nodes.merging.made import Plain
from langgraph_quorum.nodes.merging.notes import share_of
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.bounds import is_whole, require
from langgraph_quorum.state.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Patterns:
    """Holds the results' items against each other: members of lists, and plain values, each with its field.

    The value is `{"recurring": [...], "alone": [...]}`. A row of `recurring` has `field`, `item`, `count` of `of`
    results, `support` (share of weight), `branches`, `base_rate`, `p`, `p_adjusted` and `beyond_chance`; one of `alone`
    has `field`, `item` and `branch`. Best supported first.

    The test: were an item no more than one of its field's, each of the n results would hold it at the base rate, the
    mean share of results that hold each *other* item of that field (of all other items, where the field has no other).
    p = P(K >= count) for K ~ Binomial(n, base rate), over all items corrected by Benjamini & Hochberg (1995). It takes
    results as independent: specialists that copy each other recur beyond chance too. Without other items there is no
    base rate, and nothing is said: `p` is None.

    Attributes:
        least: Results in which an item recurs, from 2.
        false_share: Share of false discoveries among those said to be beyond chance, above 0, below 1.

    Raises:
        ConfigurationError: for an option that is out of its bounds.
    """

    least: int = 2
    false_share: float = 0.05

    def __post_init__(self) -> None:
        mend = "give a whole number from 2"
        require(ConfigurationError, "Patterns.least", self.least, lambda x: x >= 2 and is_whole(x), mend)  # noqa: PLR2004
        mend = "give a fraction above 0 and below 1"
        require(ConfigurationError, "Patterns.false_share", self.false_share, lambda x: 0 < x < 1, mend)

    @property
    def name(self) -> str:
        """What it goes by."""
        return "patterns"

    def __call__(self, results: Sequence[Scored], weights: Mapping[str, float]) -> Plain:
        """Find what recurs in the results."""
        found = _items_of(results)
        rates = _base_rates(found, len(results))
        tails = [
            1.0 if rate is None else binomial_tail(len(one.branches), len(results), rate)
            for one, rate in zip(found, rates, strict=True)
        ]
        rows = [
            {
                "field": one.field,
                "item": one.item,
                "count": len(one.branches),
                "of": len(results),
                "support": share_of(sorted(weights[branch] for branch in one.branches)),
                "branches": one.branches,
                "base_rate": rate,
                "p": None if rate is None else tail,
                "p_adjusted": None if rate is None else corrected,
                "beyond_chance": rate is not None and corrected <= self.false_share,
            }
            for one, rate, tail, corrected in zip(found, rates, tails, adjusted(tails), strict=True)
        ]
        return self._made([row for row in rows if row["count"] >= self.least], found)

    def _made(self, recurring: list[dict[str, Any]], found: Sequence[_Item]) -> Plain:
        recurring.sort(key=lambda row: (-round(row["support"], 12), row["field"], spelled(row["item"])))
        alone = [
            {"field": one.field, "item": one.item, "branch": one.branches[0]} for one in found if len(one.branches) == 1
        ]
        return Plain(
            {"recurring": recurring, "alone": alone},
            {"test": "binomial, base rate of the other items, Benjamini-Hochberg", "items": len(found)},
            support={f"recurring.{number}": row["support"] for number, row in enumerate(recurring)},
            sources=sorted({branch for one in found for branch in one.branches}),
        )


class _Item(NamedTuple):
    """Something that results hold, and the branches of those."""

    field: str
    item: Any
    branches: list[str]


def _items_of(results: Sequence[Scored]) -> list[_Item]:
    """All items, by field and spelling."""
    held: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for result in sorted(results, key=lambda one: one.branch_id):
        _collect(result.value, "", result.branch_id, held)
    return [_Item(path, next(iter(by.values())), list(by)) for (path, _), by in sorted(held.items())]


def _collect(value: Any, path: str, branch: str, held: Mapping[tuple[str, str], dict[str, Any]]) -> None:
    """Note the items of one result: each once, however often it holds them."""
    if isinstance(value, dict):
        for name, item in value.items():
            _collect(item, f"{path}.{name}" if path else name, branch, held)
    else:
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                held[path, spelled(item)].setdefault(branch, item)


def _base_rates(found: Sequence[_Item], results: int) -> list[float | None]:
    """By item, the mean share of results that hold each other item of its field; of all others where it has none."""
    counts, sums = defaultdict[str, int](int), defaultdict[str, int](int)
    for one in found:
        counts[one.field] += 1
        sums[one.field] += len(one.branches)
    everything, all_items = math.fsum(sums.values()), len(found)
    rates: list[float | None] = []
    for one in found:
        others, total = counts[one.field] - 1, float(sums[one.field])
        if not others:
            others, total = all_items - 1, everything
        rates.append((total - len(one.branches)) / (others * results) if others else None)
    return rates
