"""What is said, field by field, about how a merged value came about."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from langgraph_quorum.nodes.merging.made import Plain
from langgraph_quorum.state.merged import Discarded, Dissent

Weighed: TypeAlias = tuple[Any, float, str]
"""A value, its weight, and the branch it comes from."""


@dataclass(slots=True)
class Notes:
    """Taken while a value is made."""

    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By path, what belongs to no other place: intervals, whose text was chosen, who holds each item."""
    support: dict[str, float] = field(default_factory=dict)
    dissent: list[Dissent] = field(default_factory=list)
    discarded: list[Discarded] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    review: list[str] = field(default_factory=list)

    def note(self, path: str, **said: Any) -> None:
        """Say something of a field; the whole goes by `value`."""
        self.fields.setdefault(path or "value", {}).update(said)

    def rests_on(self, path: str, holding: Sequence[Weighed]) -> None:
        """The field's value is held by these."""
        self.support[path] = share_of(weight for _, weight, _ in holding)
        self.sources.update([branch for _, _, branch in holding])

    def leaves_out(self, path: str, members: Iterable[Weighed], why: str) -> None:
        """These have no part in the field's value."""
        self.discarded += [Discarded(branch_id=branch, field=path, why=why) for _, _, branch in members]

    def differs(self, path: str, value: Any, share: float, members: Sequence[Weighed]) -> None:
        """These hold another value."""
        branches = sorted(branch for _, _, branch in members)
        self.dissent.append(Dissent(field=path, value=value, share=share, branches=branches))

    def made(self, value: Any, **metadata: Any) -> Plain:
        """The value with all that was noted, in an order that depends on nothing but the set."""
        return Plain(
            value,
            metadata,
            support={path: self.support[path] for path in sorted(self.support)},
            dissent=sorted(self.dissent, key=lambda one: (one["field"], -one["share"], one["branches"])),
            discarded=sorted(self.discarded, key=lambda one: (one["branch_id"], one["field"], one["why"])),
            sources=sorted(self.sources),
            review=sorted(set(self.review)),
        )


def share_of(weights: Iterable[float]) -> float:
    """Their sum, which rounding must not lift above 1."""
    return min(1.0, math.fsum(weights))


def shares(weights: Sequence[float]) -> list[float]:
    """The weights brought to a sum of 1; equal ones when all are 0: a field may stand only in results of no weight."""
    total = math.fsum(weights)
    return [weight / total for weight in weights] if total > 0 else [1 / len(weights)] * len(weights)
