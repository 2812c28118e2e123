"""Walking through results field by field, and telling values apart."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any

from langgraph_quorum.nodes.merging.notes import Notes, Weighed

Settle = Callable[[Sequence[Weighed], str], Any]
"""Makes one value of those that a field has, in the order of their branches; takes the field's dotted path."""

_spelled = json.JSONEncoder(sort_keys=True).encode


def spelled(value: Any) -> str:
    """A text that is the same for values that are equal; `true` is no number, and 1.0 is 1."""
    if type(value) is str:  # most items of long lists are
        return encode_basestring_ascii(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _spelled(value)


def field_by_field(
    values: Sequence[Weighed], settle: Settle, notes: Notes, path: str = "", *, heads: bool = False
) -> Any:
    """One value of many: dicts name by name, and everything else, lists too, by `settle`.

    A field that a result lacks, or where it holds None, has no voice there. Where some hold a dict and others do not,
    the side with more weight wins, or the one with more `heads`, and the other is noted as discarded.

    Args:
        values: At least one, in any order.
        settle: Makes one value of those that are no dicts.
        notes: Takes what is left out.
        path: Dotted path of the field.
        heads: Whether sides are told by how many there are, whatever these weigh.
    """
    present = sorted([one for one in values if one[0] is not None], key=itemgetter(2))
    dicts = [one for one in present if isinstance(one[0], dict)]
    plain = [one for one in present if not isinstance(one[0], dict)]
    if not present:
        return None
    if dicts and plain:
        fields_win = len(dicts) >= len(plain) if heads else weight_of(dicts) >= weight_of(plain)
        lost, kind = (plain, "fields") if fields_win else (dicts, "a plain value")
        notes.leaves_out(path, lost, f"{'most results hold' if heads else 'most weight is with'} {kind} here")
        dicts, plain = (dicts, []) if fields_win else ([], plain)
    if plain:
        return settle(plain, path)
    by_name: dict[str, list[Weighed]] = defaultdict(list)
    for value, weight, branch in dicts:
        for name, item in value.items():
            by_name[name].append((item, weight, branch))
    return {
        name: field_by_field(by_name[name], settle, notes, f"{path}.{name}" if path else name, heads=heads)
        for name in sorted(by_name)
    }


def weight_of(values: Sequence[Weighed]) -> float:
    """What they weigh together."""
    return math.fsum([weight for _, weight, _ in values])


def by_value(values: Sequence[Weighed]) -> dict[str, list[Weighed]]:
    """Those that hold the same value, by its spelling, in the order of the spellings."""
    held: dict[str, list[Weighed]] = defaultdict(list)
    for value in values:
        held[spelled(value[0])].append(value)
    return dict(sorted(held.items()))


def shown(value: Any) -> str:
    """A value as a sentence can hold it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004
