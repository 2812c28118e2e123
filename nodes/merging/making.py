"""Letting a strategy make a value, and checking what it has made."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from sys import float_info
from typing import Any

from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.nodes.merging.limit import called
from langgraph_quorum.nodes.merging.made import Made, Plain, Strategy
from langgraph_quorum.nodes.merging.made_faults import refuse_unfit
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.errors import ResultError

_LARGE = 1e290


def make(strategy: Strategy, results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
    """What the strategy makes of the results, as it can be stored.

    Args:
        strategy: Shipped or a user's.
        results: At least one, heaviest first.
        weights: Of each branch, summing to 1.

    Raises:
        ResultError: when a user's strategy returns NaN, an infinity, what cannot be kept as JSON, or a `Made` with a
            field that is not as `Made` says.
        StrategyTimeoutError: when it does not end within its limit.
    """
    return kept(called(strategy, results, weights), weights)


def kept(made: Any, branches: Collection[str]) -> Made:
    """What a strategy has returned, in JSON primitives; a NaN, which would silently become nothing, is refused.

    Raises:
        ResultError: when it cannot be kept, or speaks of what is not among the branches.
    """
    if isinstance(made, Plain):
        return made
    if not isinstance(made, Made):
        made = Made(made)
    parts: dict[str, Any] = {}
    for name in ("value", "metadata", "support", "dissent", "discarded", "sources", "review"):
        part, path = getattr(made, name), "merged" if name == "value" else name
        refuse_not_finite(part, path)
        parts[name] = jsonable(part, path)
    refuse_unfit(parts, branches)
    return Made(**parts, weights=made.weights)


def weights_of(made: Made, weights: Mapping[str, float]) -> Mapping[str, float]:
    """What each branch weighed, summing to 1: by the strategy's own weights where it has some.

    Raises:
        ResultError: naming what is wrong with them.
    """
    own = made.weights
    if own is None:
        return weights
    if not isinstance(own, Mapping):
        raise ResultError(f"Made.weights={own!r}: give a dict of each branch's weight")
    if own.keys() != weights.keys():
        wrong = ", ".join(sorted(map(str, own.keys() ^ weights.keys())))
        raise ResultError(f"Made.weights: {wrong}: give each branch of the results one weight")
    for branch_id, weight in own.items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight <= float_info.max:
            raise ResultError(f"Made.weights.{branch_id}={weight!r}: give a number from 0")
    largest = max(own.values())
    if largest == 0:
        raise ResultError("Made.weights: they sum to 0: give at least one branch a weight above 0")
    if largest > _LARGE:  # their sum may be no number
        own = {branch_id: weight / largest for branch_id, weight in own.items()}
    total = math.fsum(sorted(own.values()))
    return {branch_id: weight / total for branch_id, weight in own.items()}


def refuse_not_finite(value: Any, path: str) -> None:
    """Refuse numbers that JSON lacks, wherever in the value they stand.

    Raises:
        ResultError: naming where.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ResultError(f"{path} is {value}: return a number, or None where there is none")
    if isinstance(value, Mapping):
        for name, item in value.items():
            refuse_not_finite(item, f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            refuse_not_finite(item, f"{path}[{number}]")
    elif callable(getattr(value, "tolist", None)):  # NumPy's arrays
        refuse_not_finite(value.tolist(), path)
