"""Merging group by group: every subject by itself, then all of them side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from langgraph_quorum.nodes.merging.made import Made, Strategy
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import StrategyName, strategy_named
from langgraph_quorum.state.policies import WeightPolicy


def by_group(inner: StrategyName | Strategy, name: str = "by_group") -> Strategy:
    """A strategy that merges each group with `inner` and keeps each group's own quality and interval.

    The value is `{group: {"value", "quality", "confidence_interval", "contributions"}}`; contributions are each
    branch's weight within its group, by the policy of the whole merge.

    Raises:
        ConfigurationError: there is no such strategy.
    """
    strategy_named(inner)
    return _ByGroup(inner, name)


@dataclass(frozen=True, slots=True)
class _ByGroup:
    inner: StrategyName | Strategy
    name: str
    policy: WeightPolicy | None = None

    def under(self, policy: WeightPolicy) -> Strategy:
        """The same, weighing the results of a group by this policy."""
        return replace(self, policy=policy)

    def __call__(self, results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
        """Merge each group."""
        del weights  # within a group the weights are normalised anew
        members: dict[str, list[Scored]] = defaultdict(list)
        for result in results:
            members[result.group].append(result)
        value, review = {}, []
        for group in sorted(members):
            merged = merge(members[group], self.inner, self.policy)
            value[group] = {
                "value": merged["value"],
                "quality": merged["quality"],
                "confidence_interval": merged["confidence_interval"],
                "contributions": {row["branch_id"]: row["weight"] for row in merged["attribution"]},
            }
            review += [f"{group}: {line}" for line in merged["review"]]
        return Made(value, {"groups": len(value)}, review=review)
