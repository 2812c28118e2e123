"""The strategies by name: how values become one value, given what each weighs."""

from __future__ import annotations

from collections.abc import Mapping

from langgraph_quorum.nodes.merging.consensus import Consensus
from langgraph_quorum.nodes.merging.flat import FLAT, named_in
from langgraph_quorum.nodes.merging.hierarchical import Hierarchical
from langgraph_quorum.nodes.merging.made import Made, Strategy
from langgraph_quorum.nodes.merging.patterns import Patterns
from langgraph_quorum.nodes.merging.resolve import Resolve
from langgraph_quorum.nodes.merging.weighted import Weighted
from langgraph_quorum.state.form import MergeName

__all__ = [
    "STRATEGIES",
    "Consensus",
    "Hierarchical",
    "Made",
    "Patterns",
    "Resolve",
    "Strategy",
    "StrategyName",
    "Weighted",
    "strategy_named",
]

StrategyName = MergeName

STRATEGIES: Mapping[str, Strategy] = {**FLAT, "hierarchical": Hierarchical()}


def strategy_named(name: str | Strategy) -> tuple[str, Strategy]:
    """A strategy and its name, from its name or from the strategy itself.

    Raises:
        ConfigurationError: for a name that there is not.
    """
    return named_in(STRATEGIES, name, "merge")
