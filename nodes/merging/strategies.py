"""The strategies: how values become one value, given what each weighs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal

from langgraph_quorum.nodes.merging.combine import combine
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Made:
    """A merged value with what there is to say about how it came about; both are made JSON primitives when kept."""

    value: Any
    metadata: dict[str, Any] = field(default_factory=dict)


StrategyName = Literal["merge_all", "best", "weighted"]
Strategy = Callable[[Sequence[Scored], Mapping[str, float]], Any]
"""Makes one value of many: takes the results, heaviest first, and each branch's weight (they sum to 1).

Returns the value, or `Made` with metadata."""


def merge_all(results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
    """Every result as it is, by branch id: for gathering."""
    del weights
    return Made({result.branch_id: result.value for result in sorted(results, key=attrgetter("branch_id"))})


def best(results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
    """The heaviest result alone: for choosing among whole answers."""
    winner = results[0]
    return Made(winner.value, {"chosen": winner.branch_id, "weight": weights[winner.branch_id]})


def weighted(results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
    """Field by field: numbers averaged, categories voted, texts selected, lists united, each by weight."""
    notes: dict[str, Any] = {}
    value = combine([(result.value, weights[result.branch_id], result.branch_id) for result in results], "", notes)
    return Made(value, {"fields": notes})


STRATEGIES: Mapping[str, Strategy] = {"merge_all": merge_all, "best": best, "weighted": weighted}


def strategy_named(name: str | Strategy) -> tuple[str, Strategy]:
    """A strategy and its name, from its name or from the function itself.

    Raises:
        ConfigurationError: for a name that there is not.
    """
    if callable(name):
        return getattr(name, "__name__", "custom"), name
    if name not in STRATEGIES:
        raise ConfigurationError("merge", name, f"give one of {', '.join(STRATEGIES)}, or a function")
    return name, STRATEGIES[name]
