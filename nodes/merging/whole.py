"""Strategies that leave each result whole: keep all, or choose one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from langgraph_quorum.nodes.merging.made import Plain
from langgraph_quorum.nodes.merging.notes import share_of
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import Discarded

MERGED_BY = "merged by "
"""Type of a merged result that is merged again, with the strategy's name."""


def merge_all(results: Sequence[Scored], weights: Mapping[str, float]) -> Plain:
    """Every result as it is, by branch id: for gathering. What was gathered before is taken in branch by branch."""
    own, ordered = f"{MERGED_BY}merge_all", sorted(results, key=attrgetter("branch_id"))
    value: dict[str, Any] = {result.branch_id: result.value for result in ordered}
    if len(value) == len(ordered) and own not in {result.type for result in ordered}:
        return Plain(value, support={branch_id: weights[branch_id] for branch_id in value})
    value = {}
    for result in ordered:
        parts = result.value if result.type == own else {result.branch_id: result.value}
        for branch_id, part in parts.items():
            if value.setdefault(branch_id, part) != part:
                raise ConfigurationError("results", branch_id, "give each branch once, or twice the same")
    support = {result.branch_id: weights[result.branch_id] for result in results if result.branch_id in value}
    return Plain(dict(sorted(value.items())), support=dict(sorted(support.items())))


def best(results: Sequence[Scored], weights: Mapping[str, float]) -> Plain:
    """The heaviest result alone: for choosing among whole answers. Of equals, the first by its branch id."""
    winner = results[0]
    weight = weights[winner.branch_id]
    same = [result.branch_id for result in results if result.value == winner.value]
    others = sorted(result.branch_id for result in results if result.value != winner.value)
    why = f"{winner.branch_id} weighs {weight:.3f}"
    discarded = [
        Discarded(branch_id=branch_id, field="", why=f"weighs {weights[branch_id]:.3f}, {why}") for branch_id in others
    ]
    return Plain(
        winner.value,
        {"chosen": winner.branch_id, "weight": weight},
        support={"": share_of(sorted(weights[branch_id] for branch_id in same))},
        discarded=discarded,
        sources=[winner.branch_id],
    )
