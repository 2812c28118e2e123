"""How long encoding will take: known at a glance of what is little and plain, and of the rest from the last time.

Msgpack keeps the interpreter to itself while it packs a value, in a thread too. So a thread is worth its while for what
takes longer than asking it, or holds much that Python has to take apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from langgraph.checkpoint.base import Checkpoint
from langgraph.types import Send

from langgraph_quorum.orchestration.persistence.saving.encoding import Values

QUICK_S = 0.001
"""What took less than this the last time is encoded on the event loop."""

_LIGHT_NODES = 96
_LIGHT_CHARS = 4096
_LEAVES = frozenset({bool, int, float, type(None)})
_KEPT = 1000

Parts: TypeAlias = Sequence[tuple[str, Any]]
"""Channels, and the values that are to be encoded."""


class Weight(Protocol):
    """What is to be encoded, to be judged."""

    def is_light(self) -> bool:
        """Whether encoding is done sooner than a thread could be asked."""

    def parts(self) -> Parts:
        """What it is; nothing where the last time tells nothing."""


@dataclass(slots=True)
class OfWrites:
    """Of what a task has written."""

    writes: Parts

    def is_light(self) -> bool:
        """As `Weight` says."""
        return is_light(self.writes)

    def parts(self) -> Parts:
        """As `Weight` says."""
        return self.writes


@dataclass(slots=True)
class OfCheckpoint:
    """Of a checkpoint, of whose values only these are encoded."""

    checkpoint: Checkpoint
    metadata: Mapping[str, Any]
    values: Values

    def is_light(self) -> bool:
        """As `Weight` says."""
        if len(self.checkpoint["channel_versions"]) + len(self.checkpoint["versions_seen"]) > _LIGHT_NODES:
            return False
        return is_light([*self.values.inline.items(), *self.parts(), *self.metadata.items()])

    def parts(self) -> Parts:
        """As `Weight` says."""
        return [(channel, value) for channel, (_, value) in self.values.stored.items()]


@dataclass(frozen=True, slots=True)
class Known:
    """Light, or not, whatever it is."""

    light: bool

    def is_light(self) -> bool:
        """As `Weight` says."""
        return self.light

    def parts(self) -> Parts:
        """As `Weight` says."""
        return ()


class Paces:
    """Remembers what encoding took, by the channels. Its methods may be used from any thread."""

    def __init__(self) -> None:
        self._taken: dict[frozenset[str], tuple[float, int]] = {}

    def is_quick(self, parts: Parts) -> bool:
        """Whether the values of these channels took little the last time, and have not grown to more than twice."""
        seconds, items = self._taken.get(_channels(parts), (math.inf, 0))
        return bool(parts) and seconds < QUICK_S and _items(parts) <= 2 * items

    def note(self, parts: Parts, seconds: float) -> None:
        """So long it took, in seconds of the processor."""
        if len(self._taken) >= _KEPT:
            self._taken.clear()
        self._taken[_channels(parts)] = seconds, _items(parts)


def is_light(values: Iterable[tuple[str, Any]]) -> bool:
    """Whether these are little, and plain."""
    waiting = [value for _, value in values]
    chars = 0
    for value in waiting:  # which grows meanwhile
        kind = type(value)
        if kind is str:
            chars += len(value)
        elif kind is dict:
            if len(waiting) + len(value) > _LIGHT_NODES:
                return False
            waiting += value.values()
            for key in value:
                chars += len(key) if type(key) is str else _LIGHT_CHARS
        elif kind is list or kind is tuple:
            if len(waiting) + len(value) > _LIGHT_NODES:
                return False
            waiting += value
        elif kind is Send and value.timeout is None:
            waiting += value.node, value.arg
        elif kind not in _LEAVES:
            return False
    return chars < _LIGHT_CHARS and len(waiting) <= _LIGHT_NODES


def _channels(parts: Parts) -> frozenset[str]:
    return frozenset(channel for channel, _ in parts)


def _items(parts: Parts) -> int:
    """How many things the values hold, or characters, at the first look."""
    return sum(len(value) if isinstance(value, (dict, list, tuple, str, bytes)) else 1 for _, value in parts)
