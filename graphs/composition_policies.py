"""What composed work needs beside it: a sync point over part of it, and a merge that takes its last result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum.graphs.composing import awaited_by, id_of
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Made, Strategy
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy


def sync_over(work: Sequence[WorkItem], *, name: str, **settings: Any) -> SyncPolicy:
    """The sync point `name` over all of the work that waits for it neither itself nor by way of others.

    It claims those branches by their ids, so its workflow can be run with work that holds them, and with no other; for
    a workflow that is given different work each time, claim by type: `SyncPolicy(name=..., types=...)`.

    Args:
        work: For instance what `map_reduce(..., point=name)` has made.
        name: Of the sync point.
        settings: Further fields of `SyncPolicy`.

    Raises:
        ConfigurationError: when nothing is left for it to count, an item has no id, or a setting is out of its bounds.
    """
    after, counted = {name}, dict.fromkeys(map(id_of, work))
    found = True
    while found:
        found = False
        for item in work:
            branch_id = id_of(item)
            if branch_id in counted and not after.isdisjoint(awaited_by(item)):
                del counted[branch_id]
                after.add(branch_id)
                found = True
    if not counted:
        raise ConfigurationError("work", list(work), f"give it branches that do not wait for sync point {name!r}")
    return SyncPolicy(name=name, branches=tuple(counted), **settings)


def result_of(branch_id: str) -> Strategy:
    """A `merge` by which one branch's result is the run's, for instance that of `"count/reduce"`.

    None where that branch has given no result: with `SyncPolicy(must=(branch_id,))` such a run fails. Quality and
    attribution are of all results that are in.
    """

    def result_of_branch(results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
        del weights
        values = [result.value for result in results if result.branch_id == branch_id]
        return Made(values[0] if values else None, {"result_of": branch_id})

    return result_of_branch
