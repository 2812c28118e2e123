"""Shapes that work often has, each as a plain list of work items.

A list can be added to another, given as the `work` of a run, made by a planner, returned in `Answer(work=...)`, or
written down as JSON: it is data, checked like any other work. Every builder puts the ids of its branches below `name`,
so builders with different names never collide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from langgraph_quorum.graphs.composing import awaited_by, check_name, check_some, id_of, item_of, numbered
from langgraph_quorum.graphs.composition_policies import result_of, sync_over
from langgraph_quorum.state.bounds import is_number, is_whole
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import WorkItem

__all__ = [
    "Payload",
    "Worker",
    "map_reduce",
    "pipeline",
    "result_of",
    "scatter",
    "scatter_gather",
    "sync_over",
    "tiers",
    "tree_reduce",
]

Worker: TypeAlias = str | WorkItem
"""Who does a branch: a specialist's name, or a work item for whatever else there is to say (`type`, `priority`,
`group`, `when`, `timeout_s`, ...). It has no `branch_id`; what is in its `payload` goes to all branches made of it, and
what is in its `depends_on` is waited for as well."""
Payload: TypeAlias = Mapping[str, Any]
"""What a branch is given besides the task; JSON primitives only."""


def scatter(
    worker: Worker, payloads: Sequence[Payload] | Mapping[str, Payload], *, name: str, depends_on: Sequence[str] = ()
) -> list[WorkItem]:
    """One branch for each payload, side by side: `name/0`, `name/1`, ...; no payload, no branch.

    Args:
        worker: Who does them.
        payloads: A list; or a dict, whose keys then take the place of the numbers: `name/<key>`.
        name: What the ids begin with.
        depends_on: Branches and sync points that all of them wait for.

    Raises:
        ConfigurationError: naming the argument that is wrong and what to give instead.
    """
    check_name("name", name)
    given = numbered(payloads)
    return [item_of(worker, f"{name}/{key}", payload, depends_on) for key, payload in given.items()]


def pipeline(
    stages: Sequence[Worker], payload: Payload | None = None, *, name: str, depends_on: Sequence[str] = ()
) -> list[WorkItem]:
    """One branch after the other: `name/0`, `name/1`, ...; each has the result of the one before in its `inputs`.

    Where a stage does not succeed, those after it are skipped.

    Args:
        stages: Who does them, in order; at least one.
        payload: Of the first stage. Later ones have a payload when their worker has one.
        name: What the ids begin with.
        depends_on: Branches and sync points that the first stage waits for.

    Raises:
        ConfigurationError: naming the argument that is wrong and what to give instead.
    """
    check_name("name", name)
    check_some("stages", stages)
    work: list[WorkItem] = []
    for number, stage in enumerate(stages):
        waits_for = [work[-1]["branch_id"]] if work else depends_on
        work.append(item_of(stage, f"{name}/{number}", {} if number else payload or {}, waits_for))
    return work


def scatter_gather(
    workers: Sequence[Worker], gatherer: Worker, payload: Payload | None = None, *, name: str, point: str = ""
) -> list[WorkItem]:
    """The same payload to all workers, and one branch that makes one result of theirs.

    The branches are `name/scatter/0`, `name/scatter/1`, ... and `name/gather`. The last one has their results in its
    `inputs`, by branch id. It needs them all; with `point` it waits for that sync point instead, and has what was in
    when that moved on, in `inputs[point]`.

    Args:
        workers: At least one.
        gatherer: Who gathers.
        payload: For each worker; the gatherer has that of its own.
        name: What the ids begin with.
        point: A sync point of the workflow that counts the scattered branches, by their ids or their specialists' type.

    Raises:
        ConfigurationError: naming the argument that is wrong and what to give instead.
    """
    check_name("name", name)
    check_some("workers", workers)
    asked = [item_of(worker, f"{name}/scatter/{number}", payload or {}, ()) for number, worker in enumerate(workers)]
    return [*asked, item_of(gatherer, f"{name}/gather", {}, _ends(asked, point))]


def map_reduce(
    mapper: Worker,
    reducer: Worker,
    payloads: Sequence[Payload] | Mapping[str, Payload],
    *,
    name: str,
    point: str = "",
    fan_in: int | None = None,
) -> list[WorkItem]:
    """One branch for each payload, and one that makes one result of theirs.

    The branches are `name/map/0`, `name/map/1`, ... (or `name/map/<key>`) and `name/reduce`. The last one has their
    results in its `inputs`, by branch id. It needs them all; with `point` it waits for that sync point instead, and has
    what was in when that moved on, in `inputs[point]`. With `fan_in` they are reduced in groups, as by `tree_reduce`.

    Args:
        mapper: Who does each payload.
        reducer: Who reduces.
        payloads: As for `scatter`; at least one.
        name: What the ids begin with.
        point: A sync point of the workflow that counts the mapped branches, by their ids or their specialist's type.
        fan_in: Results at most that one reducer gets, from 2; None for all. Does not go with `point`.

    Raises:
        ConfigurationError: naming the argument that is wrong and what to give instead.
    """
    mapped = scatter(mapper, payloads, name=check_name("name", name) + "/map")
    check_some("payloads", mapped)
    if fan_in is None:
        return [*mapped, item_of(reducer, f"{name}/reduce", {}, _ends(mapped, point))]
    if point:
        raise ConfigurationError("fan_in", fan_in, "leave it out, or leave out point: a sync point is waited for whole")
    return [*mapped, *tree_reduce(reducer, mapped, name=f"{name}/reduce", fan_in=fan_in)]


def tree_reduce(reducer: Worker, work: Sequence[WorkItem], *, name: str, fan_in: int) -> list[WorkItem]:
    """The branches that reduce others in groups, level by level, until one result is left; `work` is not among them.

    A group's reducer starts when that group is done: `name/1/0`, `name/1/1`, ... reduce the work, `name/2/0`, ... their
    results, and the last one is called `name`. A branch that is left over alone goes up a level as it is.

    Args:
        reducer: Who reduces. It gets results of the work and of reducers alike.
        work: What is reduced, in this order; at least one.
        name: Of the last reducer.
        fan_in: Results at most that one reducer gets, from 2.

    Raises:
        ConfigurationError: naming the argument that is wrong and what to give instead.
    """
    check_name("name", name)
    check_some("work", work)
    if not is_number(fan_in) or fan_in < 2 or not is_whole(fan_in):  # noqa: PLR2004  one of one would never end
        raise ConfigurationError("fan_in", fan_in, "give a whole number from 2")
    most, left, level = int(fan_in), [id_of(item) for item in work], 1
    made: list[WorkItem] = []
    while len(left) > most:
        groups = [left[start : start + most] for start in range(0, len(left), most)]
        left = [group[0] if len(group) == 1 else f"{name}/{level}/{number}" for number, group in enumerate(groups)]
        made += [
            item_of(reducer, reduced, {}, group) for reduced, group in zip(left, groups, strict=True) if len(group) > 1
        ]
        level += 1
    return [*made, item_of(reducer, name, {}, left)]


def tiers(work: Sequence[Sequence[WorkItem]], *, points: Sequence[str] = ()) -> list[WorkItem]:
    """All the work, tier by tier: the branches of a tier wait for the tier before. Ids stay as they are.

    What a tier's branches wait for of their own tier stays, too. They need all of the tier before to succeed; with
    `points` they wait for that tier's sync point instead, so that enough is enough.

    Args:
        work: The tiers, the most urgent first; each has at least one branch.
        points: Sync points that count the tiers, in order: one for each but the last.

    Raises:
        ConfigurationError: naming the argument that is wrong and what to give instead.
    """
    check_some("work", work)
    if points and (isinstance(points, str) or len(points) != len(work) - 1):
        raise ConfigurationError("points", points, f"give {len(work) - 1} names: one for each tier but the last")
    tiered: list[WorkItem] = []
    before: list[str] = []
    for number, tier in enumerate(work):
        check_some(f"work[{number}]", tier)
        own = {id_of(item) for item in tier}
        for item in tier:
            waits_for = awaited_by(item)
            if before and own.isdisjoint(waits_for):
                waits_for += [name for name in before if name not in waits_for]
            tiered.append({**item, "depends_on": waits_for} if waits_for else {**item})
        before = _ends(tier, points[number] if number < len(points) else "")
    return tiered


def _ends(work: Sequence[WorkItem], point: str) -> list[str]:
    """What to wait for when all of the work is to be done: what nothing else of it waits for, or the point."""
    if point:
        return [check_name("point", point)]
    awaited = {name for item in work for name in awaited_by(item)}
    return [branch_id for branch_id in map(id_of, work) if branch_id not in awaited]
