"""Which specialist a work item goes to, and which branch it becomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum.nodes.planning.checks import Terms, check_items, check_plan
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.words import kind_of, suggestion

_KEYS = frozenset(WorkItem.__annotations__) - {"tried", "part_of", "joins"}
_WORDS = ("specialist", "type", "source_type", "priority", "group")


def default_work(specialists: Mapping[str, Specialist]) -> list[WorkItem]:
    """One branch for each specialist, named after it."""
    return [WorkItem(branch_id=name, specialist=name) for name in specialists]


def routed(work: Sequence[WorkItem], terms: Terms) -> list[WorkItem]:
    """The work with every item's specialist and branch id filled in.

    An item that names only a type goes to a specialist of that type which accepts its source type: to the first
    registered one when its priority is high, else to the one with the least work so far.

    Raises:
        PlanError: naming the item and what is wrong with it, with what `check_plan` refuses.
    """
    _check_shape(work)
    placed = _placed(work, terms.specialists)
    check_plan(placed, terms)
    return placed


def created(parent: WorkItem, asked: Sequence[WorkItem], terms: Terms) -> list[WorkItem]:
    """Further branches that a result asks for, routed: their ids are put below that of `parent`.

    `"page"` of branch `"book"` becomes `"book/page"`; an item without an id is called by its position, `"book/0"`. In
    `depends_on` the short id of one of them becomes the long one, and any other name stays as it is: whether it exists
    is for `check_plan` to say, over the whole queue. Their group is the parent's unless they name one.

    Raises:
        PlanError: naming the parent, the item and what is wrong with it.
    """
    try:
        _check_shape(asked)
        long = _long_ids(parent["branch_id"], asked)
        inherited: WorkItem = {"group": parent["group"]} if "group" in parent else {}
        below: list[WorkItem] = [
            {**inherited, **item, "branch_id": name} for item, name in zip(asked, long.values(), strict=True)
        ]
        placed = _placed(below, terms.specialists)
        check_items(placed, terms)
    except PlanError as error:
        raise PlanError(f"branch {parent['branch_id']!r} asks for more work: {error}") from error
    for item in placed:
        if "depends_on" in item:
            item["depends_on"] = [long.get(name, name) for name in item["depends_on"]]
    return placed


def _long_ids(parent_id: str, asked: Sequence[WorkItem]) -> dict[str, str]:
    """The long id of each item by its short one, in order."""
    long: dict[str, str] = {}
    for index, item in enumerate(asked):
        short: Any = item.get("branch_id", str(index))
        if not isinstance(short, str) or not short:
            raise PlanError(f"work[{index}]: branch_id={short!r}: give a non-empty string")
        if short in long:
            raise PlanError(f"branch id {short!r} is used twice: give each branch its own 'branch_id'")
        long[short] = f"{parent_id}/{short}"
    return long


def _check_shape(work: Sequence[WorkItem]) -> None:
    """Refuse what is no list of dicts with known keys and, where words belong, words."""
    if not isinstance(work, Sequence) or isinstance(work, str):
        raise PlanError(f"work is {kind_of(work)}: give a list of dicts")
    strange = {kind for kind in set(map(type, work)) if not issubclass(kind, Mapping)}
    for index, item in enumerate(work) if strange else ():
        if type(item) in strange:
            raise PlanError(f"work[{index}] is {kind_of(item)}: give a dict with 'branch_id' and 'specialist'")
    given: set[Any] = set().union(*work)
    for unknown in sorted(given - _KEYS, key=str):
        index = next(index for index, item in enumerate(work) if unknown in item)
        raise PlanError(f"work[{index}] has the unknown key {unknown!r}: {suggestion(str(unknown), _KEYS)}")
    fields: Sequence[Mapping[str, Any]] = work
    for name in _WORDS:
        for index, named in enumerate(fields) if name in given else ():
            if name in named and not isinstance(named[name], str):
                raise PlanError(f"work[{index}]: {name}={named[name]!r}: give a string")


def _placed(work: Sequence[WorkItem], specialists: Mapping[str, Specialist]) -> list[WorkItem]:
    load = Counter(item["specialist"] for item in work if "specialist" in item)
    fitting: dict[tuple[str, str | None], list[str]] = {}
    placed: list[WorkItem] = []
    for index, item in enumerate(work):
        named = item.get("specialist")
        if named is None:
            if "type" not in item:
                raise PlanError(f"work[{index}] names neither a 'specialist' nor a 'type': give one of them")
            kind = item["type"], item.get("source_type")
            if kind not in fitting:
                fitting[kind] = _fitting(index, *kind, specialists)
            named = fitting[kind][0] if item.get("priority") == "high" else min(fitting[kind], key=load.__getitem__)
            load[named] += 1
        elif item.get("type"):  # who may take it over
            kind = item["type"], None
            if kind not in fitting:
                fitting[kind] = _fitting(index, *kind, specialists)
        placed.append({**item, "specialist": named, "branch_id": item.get("branch_id", named)})
    return placed


def _fitting(index: int, kind: str, source_type: str | None, specialists: Mapping[str, Specialist]) -> list[str]:
    fitting = [name for name, specialist in specialists.items() if specialist.serves(kind, source_type)]
    if not fitting:
        types = ", ".join(sorted({specialist.type for specialist in specialists.values() if specialist.type})) or "none"
        source = f" that accepts source type {source_type!r}" if source_type else ""
        raise PlanError(f"work[{index}]: no specialist of type {kind!r}{source}: the types are {types}")
    return fitting
