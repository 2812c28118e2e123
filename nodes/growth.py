"""Growing: results ask for further branches, which go out in the next fan-out, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.policies import GrowthPolicy
from langgraph_quorum.state.records import BranchRecord, WorkItem
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import Growth

Order = Callable[[Sequence[WorkItem]], list[WorkItem]]
"""Checks a whole queue and brings it into the order of fan-out.

Raises:
    PlanError: when it cannot be done.
"""


@dataclass(slots=True)
class Grown:
    """A queue, and what has grown on it.

    Attributes:
        queue: All branches, in the order of fan-out.
        growth: How far it has grown.
        new: Ids of the branches that are new.
    """

    queue: list[WorkItem]
    growth: Growth
    new: list[str] = field(default_factory=list)


def grown(
    queue: list[WorkItem], growth: Growth, records: Iterable[BranchRecord], policy: GrowthPolicy, order: Order
) -> Grown:
    """Take in what results ask for. A branch that cannot be done, or is one too many, is refused, with the reason."""
    result = Grown(queue, {"generations": dict(growth["generations"]), "refused": dict(growth["refused"])})
    allowed = _allowed(result, records, policy)
    if allowed and _taken_in(result, [item for asked in allowed.values() for item in asked], order):
        for asked in allowed.values():  # something is wrong: find out with whom
            why = _taken_in(result, asked, order)
            for item in asked if why else ():
                result.growth["refused"][item["branch_id"]] = why
                del result.growth["generations"][item["branch_id"]]
    return result


def _allowed(result: Grown, records: Iterable[BranchRecord], policy: GrowthPolicy) -> dict[str, list[WorkItem]]:
    """What is asked for within the bounds, by the branch that asks."""
    known = {item["branch_id"] for item in result.queue}
    generations, refused = result.growth["generations"], result.growth["refused"]
    allowed: dict[str, list[WorkItem]] = {}
    for record in records:
        if record["status"] != "succeeded" or not record["work"]:
            continue
        generation = generations.get(record["branch_id"], 0) + 1
        refusals: dict[str, str] = {}
        asked: list[WorkItem] = []
        for item in record["work"]:
            name = item["branch_id"]
            if name in known:
                if generations.get(name) != generation:  # else it was taken in before
                    refusals[name] = "there is another branch of this id"
            elif generation > policy.generations:
                refusals[name] = f"it would be of generation {generation}, GrowthPolicy allows {policy.generations}"
            elif len(generations) + len(asked) >= policy.branches:
                most = counted(policy.branches, "created branch", "created branches")
                refusals[name] = f"GrowthPolicy allows {most} in one run"
            else:
                asked.append(item)
        asked = _fed(asked, refusals)
        refused |= refusals
        if asked:
            allowed[record["branch_id"]] = asked
            generations |= {item["branch_id"]: generation for item in asked}
            known.update(item["branch_id"] for item in asked)
    return allowed


def _fed(asked: list[WorkItem], refusals: dict[str, str]) -> list[WorkItem]:
    """Those that depend on none that is refused; the others are refused with it."""
    while True:
        hungry = {
            item["branch_id"]: missing
            for item in asked
            for missing in item.get("depends_on", [])
            if missing in refusals
        }
        if not hungry:
            return asked
        refusals |= {name: f"it depends on {missing}, which is refused" for name, missing in hungry.items()}
        asked = [item for item in asked if item["branch_id"] not in hungry]


def _taken_in(result: Grown, asked: Sequence[WorkItem], order: Order) -> str:
    """Put branches into the queue. Returns why that cannot be, "" when it is done."""
    try:
        result.queue = order([*result.queue, *asked])
    except PlanError as error:
        return str(error)
    result.new += [item["branch_id"] for item in asked]
    return ""
