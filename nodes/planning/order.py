"""The order of branches: prerequisites before those that wait for them, high priority before low."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import PRIORITIES, WorkItem


def membership(work: Sequence[WorkItem], specialists: Mapping[str, Specialist], points: Points) -> dict[str, list[str]]:
    """The sync points that count each branch of routed work, by branch id.

    A branch that somebody else has taken over is counted where it was at first.
    """
    if len(points.policies) == 1:
        only = [points.rest]
        return {item["branch_id"]: only for item in work}
    return {item["branch_id"]: points.counting(item, specialists[first_specialist(item)].type) for item in work}


def first_specialist(item: WorkItem) -> str:
    """The specialist that a branch was planned for, whoever has taken it over since."""
    return item["tried"][0] if item.get("tried") else item["specialist"]


def ordered(work: Sequence[WorkItem], points_of: Mapping[str, Sequence[str]]) -> list[WorkItem]:
    """The work in topological order; among branches that could go next, the most urgent first, then as given.

    A sync point comes after all branches that it counts, and before those that depend on it. A prerequisite is as
    urgent as the most urgent branch that waits for it.

    Args:
        work: Routed work.
        points_of: The sync points that count each branch, by branch id: its `membership`.

    Raises:
        PlanError: when branches wait for each other in a circle, naming the circle.
    """
    if not any(item.get("depends_on") for item in work):
        return sorted(work, key=_urgency)
    urgency = [_urgency(item) for item in work]
    web = _web(work, points_of)
    urgency += [max(PRIORITIES.values())] * (len(web.names) - len(work))
    for number in reversed(_topological(web)):
        for prerequisite in web.waits[number]:
            urgency[prerequisite] = min(urgency[prerequisite], urgency[number])
    urgency[len(work) :] = [-1] * (len(web.names) - len(work))  # a point takes no place, so it never lines up
    return [work[number] for number in _topological(web, urgency) if number < len(work)]


def _urgency(item: WorkItem) -> int:
    return PRIORITIES[item.get("priority", "normal")]


class _Web(NamedTuple):
    """What waits for what, by number: the branches as given, then the sync points that any of them depends on."""

    names: list[str]
    waits: list[list[int]]


def _web(work: Sequence[WorkItem], points_of: Mapping[str, Sequence[str]]) -> _Web:
    numbers = {item["branch_id"]: number for number, item in enumerate(work)}
    names = list(numbers)
    counted: dict[str, list[int]] = {}
    for branch_id, number in numbers.items():
        for point in points_of.get(branch_id, ()):
            counted.setdefault(point, []).append(number)
    waits: list[list[int]] = [[] for _ in work]
    for number, item in enumerate(work):
        for name in item.get("depends_on", ()):
            if name not in numbers and name in counted:
                numbers[name] = len(names)
                names.append(f"sync point {name!r}")
                waits.append(counted[name])
            if name in numbers:
                waits[number].append(numbers[name])
    return _Web(names, waits)


def _topological(web: _Web, urgency: Sequence[int] | None = None) -> list[int]:
    """Every number after those it waits for; of those that could come next the most urgent first, then the lowest.

    Raises:
        PlanError: naming a circle.
    """
    waiting = [len(prerequisites) for prerequisites in web.waits]
    freed: list[list[int]] = [[] for _ in web.waits]
    for number, prerequisites in enumerate(web.waits):
        for prerequisite in prerequisites:
            freed[prerequisite].append(number)
    rank = urgency or [0] * len(waiting)
    ready = [(rank[number], number) for number, count in enumerate(waiting) if not count]
    heapq.heapify(ready)
    result: list[int] = []
    while ready:
        _, done = heapq.heappop(ready)
        result.append(done)
        for number in freed[done]:
            waiting[number] -= 1
            if not waiting[number]:
                heapq.heappush(ready, (rank[number], number))
    if len(result) < len(waiting):
        circle = " -> ".join(web.names[number] for number in _circle(web, waiting))
        raise PlanError(f"branches wait for each other in a circle: {circle}: remove one 'depends_on'")
    return result


def _circle(web: _Web, waiting: Sequence[int]) -> list[int]:
    """One circle, from any number back to itself; what still waits, waits for something that still waits."""
    number = next(number for number, count in enumerate(waiting) if count)
    seen: dict[int, int] = {}
    while number not in seen:
        seen[number] = len(seen)
        number = next(prerequisite for prerequisite in web.waits[number] if waiting[prerequisite])
    return [*list(seen)[seen[number] :], number]


def dependency_score(work: Sequence[WorkItem]) -> float:
    """Share of the branches that wait for other branches or for sync points, 0..1."""
    waiting = len([True for item in work if item.get("depends_on")])
    return waiting / len(work) if work else 0.0
