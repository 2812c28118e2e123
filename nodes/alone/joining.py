"""What the workers of one bundle have returned, as few updates: one for each channel where that makes no difference.

The usual reducers copy all they have for every update, and each update is a write of its own to LangGraph and to the
saver. `operator.or_` of dicts and `operator.add` of lists are associative: joined first, the updates give the same.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from itertools import chain
from types import BuiltinFunctionType
from typing import Any

_KINDS: Mapping[Any, type] = {operator.or_: dict, operator.add: list}
"""By reducer: for which values it is associative. Not for numbers, whose sums depend on the order."""
_OVERWRITE = "__overwrite__"


def joined(updates: Sequence[Any], channels: Mapping[str, Any]) -> list[Any]:
    """The same updates in as few as may be, in order.

    Args:
        updates: Of the workers: dicts of the state's keys, or anything else that a node may return.
        channels: Of the graph that is running, by key.
    """
    if any(type(update) is not dict for update in updates):
        return list(updates)
    whole: dict[str, Any] = {}
    for name in dict.fromkeys(chain.from_iterable(updates)):
        kind = _KINDS.get(_reducer(channels.get(name)))
        if kind is not None:
            values = [update[name] for update in updates if name in update]
            if all(type(value) is kind and not overwrites(value) for value in values):
                whole[name] = _union(values) if kind is dict else [*chain.from_iterable(values)]
    rest = ({name: value for name, value in update.items() if name not in whole} for update in updates)
    return [*([whole] if whole else []), *filter(None, rest)]


def _reducer(channel: Any) -> Any:
    """The channel's reducer, while what it holds is as plain as the updates; a user's own may have no hash."""
    reducer = getattr(channel, "operator", None)
    held = type(getattr(channel, "value", None))
    return reducer if held in (dict, list) and isinstance(reducer, BuiltinFunctionType) else None


def overwrites(value: Any) -> bool:
    """Whether LangGraph takes this dict for an order to replace what the channel holds."""
    return type(value) is dict and (_OVERWRITE in value or value.get("type") == _OVERWRITE)


def _union(values: Sequence[dict[Any, Any]]) -> dict[Any, Any]:
    union: dict[Any, Any] = {}
    for value in values:
        union.update(value)
    return union
