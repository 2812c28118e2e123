"""The order of branches: prerequisites before those that wait for them, high priority before low."""

from __future__ import annotations

import graphlib
import heapq
from collections.abc import Sequence

from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.records import PRIORITIES, WorkItem


def ordered(work: Sequence[WorkItem]) -> list[WorkItem]:
    """The work in topological order; among branches that could go next, the most urgent first, then as given.

    A prerequisite is as urgent as the most urgent branch that waits for it.

    Raises:
        PlanError: when branches wait for each other in a circle, naming the circle.
    """
    index = {item["branch_id"]: number for number, item in enumerate(work)}
    waits = {item["branch_id"]: [name for name in item.get("depends_on", []) if name in index] for item in work}
    sorter = graphlib.TopologicalSorter(waits)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise PlanError(f"branches wait for each other in a circle: {circle}: remove one 'depends_on'") from error
    urgency = _urgency(work, waits)
    ready: list[tuple[int, int, str]] = []
    result: list[WorkItem] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heapq.heappush(ready, (urgency[name], index[name], name))
        _, number, name = heapq.heappop(ready)
        result.append(work[number])
        sorter.done(name)
    return result


def _urgency(work: Sequence[WorkItem], waits: dict[str, list[str]]) -> dict[str, int]:
    urgency = {item["branch_id"]: PRIORITIES[item.get("priority", "normal")] for item in work}
    for name in reversed(list(graphlib.TopologicalSorter(waits).static_order())):
        for prerequisite in waits[name]:
            urgency[prerequisite] = min(urgency[prerequisite], urgency[name])
    return urgency


def dependency_score(work: Sequence[WorkItem]) -> float:
    """Share of the branches that wait for other branches, 0..1."""
    waiting = sum(1 for item in work if item.get("depends_on"))
    return waiting / len(work) if work else 0.0
