"""What makes a plan impossible: work, specialists and sync points held against each other before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph_quorum.nodes.planning.forms import FORMS, check_capacities, check_conditions
from langgraph_quorum.nodes.planning.order import membership
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.errors import PlanError
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.words import suggestion

_LISTED = 200
"""Known names up to which a message looks for the closest one, or names them all."""
_SHOWN = 200
"""Characters of a wrong value that a message shows."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What work is held against.

    Attributes:
        specialists: By name.
        points: The workflow's sync points.
        conditions: Names that `when` may give.
        resources: Capacity of each counted resource, by its name.

    Raises:
        ConfigurationError: a condition is no plain function, or a capacity no number above 0.
    """

    specialists: Mapping[str, Specialist]
    points: Points
    conditions: Collection[str] = ()
    resources: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.conditions, Mapping):
            check_conditions(self.conditions)
        check_capacities(self.resources)


def check_plan(items: Sequence[WorkItem], terms: Terms) -> None:
    """Refuse work that cannot be done as it is written: the whole queue, with specialists and ids filled in.

    Raises:
        PlanError: naming the branch, the field and the mend: no work; what `check_items` refuses; a prerequisite that
            is neither a branch nor a sync point that counts any, or that could be both; a sync point that claims what
            is not in the work, or must have what it does not count.
    """
    if not items:
        raise PlanError(
            "the plan is empty: give 'work' at least one item, or leave it out for one branch per specialist"
        )
    check_items(items, terms)
    points_of = membership(items, terms.specialists, terms.points)
    _check_points(terms, points_of)
    if any(item.get("depends_on") for item in items):
        _check_prerequisites(items, terms.points, points_of)


def check_items(items: Sequence[WorkItem], terms: Terms) -> None:
    """Refuse items that are wrong whatever other work there is.

    Raises:
        PlanError: naming the branch, the field and the mend: a duplicate or empty id; a value of the wrong kind or out
            of its bounds; an unknown specialist, fallback, condition or resource; more of a resource than there is.
    """
    _check_ids([item["branch_id"] for item in items])
    if not terms.specialists.keys() >= {item["specialist"] for item in items}:
        wrong = next(item for item in items if item["specialist"] not in terms.specialists)
        names = ", ".join(sorted(terms.specialists))
        raise PlanError(f"branch {wrong['branch_id']!r}: unknown specialist {wrong['specialist']!r}: there are {names}")
    given: set[str] = set().union(*items)
    for name in FORMS:
        if name in given:
            _check_field(name, items, terms)


def _check_field(name: str, items: Sequence[WorkItem], terms: Terms) -> None:
    holding: list[Any] = [item for item in items if name in item]
    is_allowed, mend = FORMS[name]
    for item in holding:
        if not is_allowed(item[name]):
            raise _wrong(item, name, mend)
    if name in _MENDS:
        for item in holding:
            mend = _MENDS[name](item, terms)
            if mend:
                raise _wrong(item, name, mend)


def _wrong(item: Mapping[str, Any], name: str, mend: str) -> PlanError:
    shown = repr(item[name])
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    return PlanError(f"branch {item['branch_id']!r}: {name}={shown}: {mend}")


def _check_ids(ids: Sequence[Any]) -> None:
    if set(map(type, ids)) != {str} or "" in ids:
        for branch_id in ids:
            if not isinstance(branch_id, str) or not branch_id:
                raise PlanError(f"branch id {branch_id!r}: give a non-empty string")
    if len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    for branch_id in ids:
        if branch_id in seen:
            raise PlanError(f"branch id {branch_id!r} is used twice: give each branch its own 'branch_id'")
        seen.add(branch_id)


def _mend_when(item: WorkItem, terms: Terms) -> str:
    if item["when"] in terms.conditions:
        return ""
    if not terms.conditions:
        return "the workflow has no conditions: give it one of this name"
    return f"there is no condition of this name: {suggestion(item['when'], terms.conditions)}"


def _mend_resources(item: WorkItem, terms: Terms) -> str:
    for name, amount in item["resources"].items():
        if name not in terms.resources:
            return f"{name!r} is a resource nobody can ever grant: give the workflow a capacity for it"
        if amount > terms.resources[name]:
            return f"the workflow has {terms.resources[name]:g} of {name!r}: ask for no more than that"
    return ""


def _mend_exclusive(item: WorkItem, terms: Terms) -> str:
    for name in item["exclusive"]:
        if name in terms.resources:
            return f"{name!r} is a counted resource: ask for it in 'resources', or rename one of them"
    return ""


def _mend_fallback(item: WorkItem, terms: Terms) -> str:
    if item["fallback"] == item["specialist"]:
        return "it falls back to itself: name another specialist"
    if item["fallback"] not in terms.specialists:
        return f"there is no such specialist: {suggestion(item['fallback'], terms.specialists)}"
    return ""


_MENDS: dict[str, Callable[[WorkItem, Terms], str]] = {
    "when": _mend_when,
    "exclusive": _mend_exclusive,
    "resources": _mend_resources,
    "fallback": _mend_fallback,
}
"""By field: what to do about a well-formed value that the workflow cannot serve; "" when it can."""


def _check_points(terms: Terms, points_of: Mapping[str, Sequence[str]]) -> None:
    kinds = {specialist.type for specialist in terms.specialists.values() if specialist.type}
    for point, policy in terms.points.policies.items():
        for kind in policy.types:
            if kind not in kinds:
                mend = suggestion(kind, kinds) if kinds else "give a specialist this type"
                raise PlanError(f"sync point {point!r}: types names {kind!r}, which no specialist is of: {mend}")
        for field_name, named in (("branches", policy.branches), ("must", policy.must)):
            for branch_id in named:
                if branch_id not in points_of:
                    mend = _closest(branch_id, points_of)
                    raise PlanError(
                        f"sync point {point!r}: {field_name} names {branch_id!r}, which is not in the work: {mend}"
                    )
                if point not in points_of[branch_id]:
                    raise PlanError(
                        f"sync point {point!r}: {field_name} names branch {branch_id!r}, which it does not count:"
                        " add it to the point's branches"
                    )


def _check_prerequisites(items: Sequence[WorkItem], points: Points, points_of: Mapping[str, Sequence[str]]) -> None:
    counting = {point for named in points_of.values() for point in named}
    # The only point counts every branch, so that none can wait for it: the name means a branch.
    ambiguous = points_of.keys() & points.policies.keys() if len(points.policies) > 1 else set[str]()
    known = (points_of.keys() | counting) - ambiguous
    for item in items:
        for name in item.get("depends_on", ()):
            if name not in known:
                mend = _mend_prerequisite(name, known, points, ambiguous)
                raise PlanError(f"branch {item['branch_id']!r}: depends_on names {name!r}, {mend}")


def _mend_prerequisite(name: str, known: Collection[str], points: Points, ambiguous: Collection[str]) -> str:
    if name in ambiguous:
        return "which is both a branch and a sync point: rename one of them"
    if name in points.policies:
        return "a sync point that counts no branch of this work: leave it out, or add work that it counts"
    return f"neither a branch of the work nor a sync point: {_closest(name, known)}"


def _closest(name: str, known: Collection[str]) -> str:
    return suggestion(name, known) if 0 < len(known) <= _LISTED else "name one that there is"
