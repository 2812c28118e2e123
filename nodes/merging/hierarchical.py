"""`hierarchical`: results of one type among themselves first, then type against type."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph_quorum.nodes.merging.flat import FLAT, FlatName, named_in
from langgraph_quorum.nodes.merging.made import Made, Plain, Strategy
from langgraph_quorum.nodes.merging.making import make, weights_of
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import Discarded, Dissent

UNTYPED = "untyped"
"""What results of specialists without a type go by."""


@dataclass(frozen=True, slots=True)
class Hierarchical:
    """Merges each type with a strategy of its own, then the types' values with another.

    A type weighs the mean weight of its results, so that many results of one type do not drown the one of another; a
    branch weighs its type's weight times its own within the type. Support, dissent and what is discarded speak of the
    last step, in terms of branches; `metadata["types"]` has the same of each type, its `weight`,
    and its branches' `shares` of that.

    Attributes:
        by_type: Strategies by specialist's type.
        otherwise: For types that `by_type` does not name.
        overall: Across types.

    Raises:
        ConfigurationError: for a strategy that there is not, and for `by_type` that is no dict.
    """

    by_type: Mapping[str, FlatName | Strategy] = field(default_factory=dict)
    otherwise: FlatName | Strategy = "weighted"
    overall: FlatName | Strategy = "weighted"

    def __post_init__(self) -> None:
        named_in(FLAT, self.otherwise, "Hierarchical.otherwise")
        named_in(FLAT, self.overall, "Hierarchical.overall")
        if not isinstance(self.by_type, Mapping):
            raise ConfigurationError("Hierarchical.by_type", self.by_type, "give a dict of strategies by type")
        for kind, strategy in self.by_type.items():
            named_in(FLAT, strategy, f"Hierarchical.by_type[{kind}]")

    @property
    def name(self) -> str:
        """What it goes by."""
        return "hierarchical"

    def __call__(self, results: Sequence[Scored], weights: Mapping[str, float]) -> Plain:
        """Merge by type, then across types."""
        members: dict[str, list[Scored]] = defaultdict(list)
        for result in results:
            members[result.type or UNTYPED].append(result)
        parts = {kind: self._part(kind, members[kind], weights) for kind in sorted(members)}
        total = math.fsum([part.weight for part in parts.values()])
        by_kind = {kind: part.weight / total if total > 0 else 1 / len(parts) for kind, part in parts.items()}
        ordered = sorted(parts, key=lambda kind: (-by_kind[kind], kind))
        standing = [
            Scored(kind, kind, parts[kind].made.value, parts[kind].quality, at=parts[kind].at) for kind in ordered
        ]
        _, overall = named_in(FLAT, self.overall, "Hierarchical.overall")
        made = make(overall, standing, by_kind)
        shares = weights_of(made, by_kind)
        return _across(
            made,
            parts,
            {branch: shares[kind] * share for kind, part in parts.items() for branch, share in part.shares.items()},
            shares,
        )

    def _part(self, kind: str, members: Sequence[Scored], weights: Mapping[str, float]) -> _Part:
        """One type's results made one."""
        name, strategy = named_in(FLAT, self.by_type.get(kind, self.otherwise), f"Hierarchical.by_type[{kind}]")
        own = {result.branch_id: weights[result.branch_id] for result in members}
        total = math.fsum(sorted(own.values()))
        own = {branch: weight / total if total > 0 else 1 / len(own) for branch, weight in own.items()}
        made = make(strategy, members, own)
        shares = weights_of(made, own)
        measured = [(shares[one.branch_id], one.quality) for one in members if one.quality is not None]
        sure = math.fsum(sorted(share for share, _ in measured))
        return _Part(
            strategy=name,
            made=made,
            shares=dict(sorted(shares.items())),
            weight=total / len(members),
            quality=min(1.0, math.fsum(sorted(s * q for s, q in measured)) / sure) if sure > 0 else None,
            at=max((one.at for one in members if one.at is not None), default=None),
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """One type's results made one, and what its branches weigh in it."""

    strategy: str
    made: Made
    shares: Mapping[str, float]
    weight: float
    quality: float | None
    at: str | None

    def told(self, weight: float) -> dict[str, Any]:
        """What is kept of it."""
        return {
            "strategy": self.strategy,
            "weight": weight,
            "shares": dict(self.shares),
            "value": self.made.value,
            "support": self.made.support,
            "dissent": self.made.dissent,
            "discarded": self.made.discarded,
            "metadata": self.made.metadata,
        }


def _across(made: Made, parts: Mapping[str, _Part], weights: Mapping[str, float], shares: Mapping[str, float]) -> Plain:
    """What was said of types, said of their branches."""
    sources = {
        branch
        for kind in (parts if made.sources is None else made.sources)
        for branch in (parts[kind].shares if parts[kind].made.sources is None else parts[kind].made.sources or ())
    }
    review = [f"{kind}: {line}" for kind, part in parts.items() for line in part.made.review]
    return Plain(
        made.value,
        {**made.metadata, "types": {kind: part.told(shares[kind]) for kind, part in parts.items()}},
        support=made.support,
        dissent=[Dissent(**{**one, "branches": _branches(one["branches"], parts)}) for one in made.dissent],
        discarded=[
            Discarded(branch_id=branch, field=one["field"], why=f"{one['branch_id']}: {one['why']}")
            for one in made.discarded
            for branch in parts[one["branch_id"]].shares
        ],
        sources=sorted(sources),
        review=sorted([*made.review, *review]),
        weights=weights,
    )


def _branches(kinds: Iterable[str], parts: Mapping[str, _Part]) -> list[str]:
    return sorted(branch for kind in kinds for branch in parts[kind].shares)
