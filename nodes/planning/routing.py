"""Which specialist a work item goes to, and what makes a plan impossible."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.records import PRIORITIES, WorkItem
from langgraph_quorum.state.words import suggestion


def default_work(specialists: Mapping[str, Specialist]) -> list[WorkItem]:
    """One branch for each specialist, named after it."""
    return [WorkItem(branch_id=name, specialist=name) for name in specialists]


def routed(work: Sequence[WorkItem], specialists: Mapping[str, Specialist]) -> list[WorkItem]:
    """The work with every item's specialist and branch id filled in.

    An item that names only a type goes to a specialist of that type which accepts its source type: to the first
    registered one when its priority is high, else to the one with the least work so far.

    Raises:
        PlanError: naming the item and what is wrong with it.
    """
    if not isinstance(work, Sequence) or isinstance(work, str):
        raise PlanError(f"work is a {type(work).__name__}: give a list of dicts")
    for index, item in enumerate(work):
        _check_words(item, index)
    load: Counter[str] = Counter(item["specialist"] for item in work if "specialist" in item)
    placed = [_placed(item, index, specialists, load) for index, item in enumerate(work)]
    check_plan(placed, specialists)
    return placed


def _check_words(item: WorkItem, index: int) -> None:
    if not isinstance(item, Mapping):
        raise PlanError(f"work[{index}] is a {type(item).__name__}: give a dict with 'branch_id' and 'specialist'")
    for name in ("specialist", "type", "source_type", "priority", "group"):
        if name in item and not isinstance(item[name], str):
            raise PlanError(f"work[{index}]: {name}={item[name]!r}: give a string")


_KEYS = frozenset(WorkItem.__annotations__)


def _check_keys(item: WorkItem, index: int) -> None:
    for key in item:
        if key not in _KEYS:
            raise PlanError(f"work[{index}] has the unknown key {key!r}: {suggestion(str(key), _KEYS)}")


def _placed(item: WorkItem, index: int, specialists: Mapping[str, Specialist], load: Counter[str]) -> WorkItem:
    _check_keys(item, index)
    named = item.get("specialist")
    if named is None:
        named = _of_type(item, index, specialists, load)
        load[named] += 1
    return {**item, "specialist": named, "branch_id": item.get("branch_id", named)}


def _of_type(item: WorkItem, index: int, specialists: Mapping[str, Specialist], load: Counter[str]) -> str:
    if "type" not in item:
        raise PlanError(f"work[{index}] names neither a 'specialist' nor a 'type': give one of them")
    source_type = item.get("source_type")
    fitting = [
        name
        for name, specialist in specialists.items()
        if specialist.type == item["type"]
        and (source_type is None or not specialist.source_types or source_type in specialist.source_types)
    ]
    if not fitting:
        types = ", ".join(sorted({specialist.type for specialist in specialists.values() if specialist.type})) or "none"
        source = f" that accepts source type {source_type!r}" if source_type else ""
        raise PlanError(f"work[{index}]: no specialist of type {item['type']!r}{source}: the types are {types}")
    return fitting[0] if item.get("priority") == "high" else min(fitting, key=lambda name: load[name])


def check_plan(work: Iterable[WorkItem], specialists: Mapping[str, Specialist]) -> None:
    """Refuse work that cannot be done as it is written.

    Raises:
        PlanError: no work; a duplicate or empty branch id; an unknown specialist, priority or prerequisite; a payload,
            timeout, list of prerequisites or measure of the wrong kind.
    """
    items = list(work)
    if not items:
        raise PlanError(
            "the plan is empty: give 'work' at least one item, or leave it out for one branch per specialist"
        )
    seen: set[str] = set()
    for item in items:
        branch_id = item["branch_id"]
        if not isinstance(branch_id, str) or not branch_id:
            raise PlanError(f"branch id {branch_id!r}: give a non-empty string")
        if branch_id in seen:
            raise PlanError(f"branch id {branch_id!r} is used twice: give each branch its own 'branch_id'")
        seen.add(branch_id)
        _check_item(item, specialists)
    for item in items:
        unknown = [name for name in item.get("depends_on", []) if name not in seen]
        if unknown:
            raise PlanError(f"branch {item['branch_id']!r} depends on {unknown[0]!r}, which is not in the work")


def _check_item(item: WorkItem, specialists: Mapping[str, Specialist]) -> None:
    branch_id = item["branch_id"]
    if item["specialist"] not in specialists:
        names = ", ".join(sorted(specialists))
        raise PlanError(f"branch {branch_id!r}: unknown specialist {item['specialist']!r}: there are {names}")
    if item.get("priority", "normal") not in PRIORITIES:
        raise PlanError(f"branch {branch_id!r}: priority={item['priority']!r}: give high, normal or low")
    if not isinstance(item.get("payload", {}), dict):
        raise PlanError(f"branch {branch_id!r}: payload is a {type(item['payload']).__name__}: give a dict")
    timeout_s = item.get("timeout_s", 1.0)
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)) or not timeout_s > 0:
        raise PlanError(f"branch {branch_id!r}: timeout_s={timeout_s!r}: give seconds above 0")
    depends_on = item.get("depends_on", [])
    if not isinstance(depends_on, (list, tuple)) or not all(isinstance(name, str) for name in depends_on):
        raise PlanError(f"branch {branch_id!r}: depends_on={depends_on!r}: give a list of branch ids")
    for name, value in item.get("measures", {}).items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            raise PlanError(f"branch {branch_id!r}: measures[{name!r}]={value!r}: give a number from 0")
