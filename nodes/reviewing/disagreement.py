"""Where specialists disagree: for each field the value that was taken beside those that lost, and who holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from langgraph_quorum.nodes.journal import SHOWN
from langgraph_quorum.nodes.merging.fields import spelled
from langgraph_quorum.state.merged import Merged
from langgraph_quorum.state.records import BranchRecord

_MISSING = object()


class Side(TypedDict):
    """A value with those who hold it."""

    value: Any
    share: float | None
    """Of the weight of those that had the field, 0..1; None where the merge did not say."""
    branches: list[str]
    """[] where the merge did not say, and their results do not tell."""


class Disagreement(TypedDict):
    """One field on which results differ."""

    field: str
    """Dotted path within the merged value; empty for the whole."""
    taken: Side
    against: list[Side]


def disagreements(merged: Merged, branches: Mapping[str, BranchRecord]) -> list[Disagreement]:
    """What the merge has written down of dissent, side by side, in its order: the first `SHOWN` fields."""
    found: dict[str, Disagreement] = {}
    for dissent in merged.get("dissent", []):
        field = dissent["field"]
        if field not in found:
            if len(found) == SHOWN:
                continue
            found[field] = Disagreement(field=field, taken=_taken(field, merged, branches), against=[])
        side = Side(value=dissent["value"], share=dissent["share"], branches=list(dissent["branches"]))
        found[field]["against"].append(side)
    return list(found.values())


def at_path(value: Any, path: str, missing: Any = None) -> Any:
    """What stands at a dotted path; the empty path is the whole. A key may itself hold dots."""
    if not path:
        return value
    if isinstance(value, Mapping):
        if path in value:
            return value[path]
        parts = path.split(".")
        for size in range(1, len(parts)):
            head = ".".join(parts[:size])
            if head in value:
                found = at_path(value[head], ".".join(parts[size:]), _MISSING)
                if found is not _MISSING:
                    return found
    if isinstance(value, (list, tuple)):
        head, _, rest = path.partition(".")
        if head.isdecimal() and int(head) < len(value):
            return at_path(value[int(head)], rest, missing)
    return missing


def _taken(field: str, merged: Merged, branches: Mapping[str, BranchRecord]) -> Side:
    value = at_path(merged["value"], field)
    holders = sorted(
        row["branch_id"]
        for row in merged["attribution"]
        if row["branch_id"] in branches
        and _equal(at_path(branches[row["branch_id"]]["result"], field, _MISSING), value)
    )
    return Side(value=value, share=merged.get("support", {}).get(field), branches=holders)


def _equal(one: Any, other: Any) -> bool:
    return one is not _MISSING and spelled(one) == spelled(other)
