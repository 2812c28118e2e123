"""What a strategy takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.merged import Discarded, Dissent


@dataclass(frozen=True, slots=True)
class Made:
    """A merged value with what there is to say about how it came about; all is made JSON primitives when kept.

    Attributes:
        value: The merged value.
        metadata: Anything else worth keeping.
        support: By dotted path of the value, the share of weight that holds it.
        dissent: Values that lost.
        discarded: What was left out, and why.
        sources: Branches that the value rests on; None for all.
        review: Why a human should look at it.
        weights: By branch, what each weighed, from 0, where that is not what the weight policy says.
    """

    value: Any
    metadata: dict[str, Any] = field(default_factory=dict)
    support: dict[str, float] = field(default_factory=dict)
    dissent: list[Dissent] = field(default_factory=list)
    discarded: list[Discarded] = field(default_factory=list)
    sources: list[str] | None = None
    review: list[str] = field(default_factory=list)
    weights: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Plain(Made):
    """Made by a shipped strategy out of results that are JSON primitives: it is not converted again."""


Strategy: TypeAlias = Callable[[Sequence[Scored], Mapping[str, float]], Any]
"""Makes one value of many: takes the results, heaviest first, and each branch's weight (they sum to 1).

Returns the value, or `Made` with more. What it may have besides:

    name: What it goes by; else it is its `__name__`.
    limit_s: Seconds that it has, above 0; 300 when left out. Then it is left to itself, and the merge raises.
    under(policy): Gives the strategy to use under a `WeightPolicy`, where results are weighed anew inside of it.
    amake(results, weights, *, task): The same without blocking, for `amerge`.
"""
