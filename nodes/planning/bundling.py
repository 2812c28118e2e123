"""Which branches travel together in one `Send`: a `Send` costs LangGraph more than a quick branch takes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain, groupby
from typing import Literal

from langgraph_quorum.state.branch import BranchCall
from langgraph_quorum.state.errors import ConfigurationError

BundleSize = Literal["auto"] | int | None
"""`auto` goes by what a specialist's calls were measured to take; a number is the most calls in one `Send`; None and 1
send every call alone."""

SLOW_S = 0.05
"""Calls that take as long as this on average travel alone."""
FEW = 16
"""A specialist with fewer calls than this sends them alone."""
WORK_S = 0.25
"""Measured work that a bundle holds: what a crash can lose of it."""
UNMEASURED = 50
"""Calls in a bundle when nothing was measured; more only for `MOST_SENDS`."""
FULL = 1000
"""Calls in a bundle that are too quick for `WORK_S`; more only for `MOST_SENDS`."""
MOST_SENDS = 64
"""Most bundles for the calls of one specialist that wait for nothing."""


def check_bundle(value: object) -> BundleSize:
    """The option's value, refused when it is none.

    Raises:
        ConfigurationError: naming what it can be.
    """
    if value is None or value == "auto":
        return "auto" if value else None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError("bundle", value, "give 'auto', a whole number from 1, or None to send each call alone")
    return value


def bundled(
    calls: Sequence[BranchCall],
    size: BundleSize,
    seconds_of: Callable[[str], float | None],
    alone: Collection[str] = (),
) -> list[tuple[str, list[BranchCall]]]:
    """The calls of one fan-out as one list for each `Send`, with its specialist.

    LangGraph may run only a few of them at once, in this order; so none holds a branch that waits for a branch in a
    later one. Calls that wait for nothing are gathered by specialist and go first; those that wait share a `Send` only
    with what stands next to them among the waiting. When every specialist's calls travel alone, the order stays.

    Args:
        calls: In topological order, with their specialist and `waits_for` filled in.
        size: As `check_bundle` allows.
        seconds_of: Mean seconds of a specialist's calls as measured so far; None before the first. Asked once for each
            specialist, and only for `auto`.
        alone: Specialists whose calls never share a `Send`.
    """
    counts = Counter([_specialist(call) for call in calls])
    most = {
        name: _worthwhile(count, seconds_of(name)) if size == "auto" else size or 1
        for name, count in counts.items()
        if name not in alone
    }
    most |= dict.fromkeys(counts.keys() - most.keys(), 1)
    if all(one == 1 for one in most.values()):
        return [(_specialist(call), [call]) for call in calls]
    waiting = [call for call in calls if call.get("waits_for")]
    free = [call for call in calls if not call.get("waits_for")] if waiting else calls
    neighbours = groupby(waiting, key=_specialist)
    return [*_gathered(free, most), *chain.from_iterable(_gathered(run, most) for _, run in neighbours)]


def _specialist(call: BranchCall) -> str:
    return call["item"]["specialist"]


def _worthwhile(count: int, mean_s: float | None) -> int:
    """Calls in one bundle of a specialist that has `count` of them."""
    if count < FEW or (mean_s is not None and mean_s >= SLOW_S):
        return 1
    worth = UNMEASURED if mean_s is None else math.ceil(min(FULL, WORK_S / max(mean_s, WORK_S / FULL)))
    return max(worth, math.ceil(count / MOST_SENDS))


def _gathered(calls: Iterable[BranchCall], most: Mapping[str, int]) -> list[tuple[str, list[BranchCall]]]:
    """As many calls of a specialist together as may be; a bundle stands where its first call stood."""
    if len(most) == 1:
        [(name, size)], calls = most.items(), list(calls)
        return [(name, calls[first : first + size]) for first in range(0, len(calls), size)]
    bundles: list[tuple[str, list[BranchCall]]] = []
    filling: dict[str, list[BranchCall]] = {}
    for call in calls:
        name = _specialist(call)
        if name not in filling or len(filling[name]) >= most[name]:
            filling[name] = []
            bundles.append((name, filling[name]))
        filling[name].append(call)
    return bundles
