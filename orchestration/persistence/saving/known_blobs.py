"""Which blobs are known to be in the database, so that an unchanged large text is sent once and not every time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeAlias

from langgraph_quorum.orchestration.persistence.saving.encoding import Values, is_primitive

Key: TypeAlias = tuple[str, str, str, str]
"""Thread, namespace, channel and version."""

_KEPT = 10_000


class KnownBlobs:
    """Remembers the latest 10,000; a blob that was forgotten is sent again, and nothing happens on conflict."""

    def __init__(self) -> None:
        self._keys: OrderedDict[Key, None] = OrderedDict()

    def split(self, thread_id: str, ns: str, values: Values) -> tuple[Values, list[Key]]:
        """The values of a checkpoint that must be sent, and its blobs that the official saver would not have made."""
        moved = {
            channel: (thread_id, ns, channel, version)
            for channel, (version, value) in values.stored.items()
            if is_primitive(value)
        }
        known = {channel for channel, key in moved.items() if self._knows(key)}
        stored = {channel: value for channel, value in values.stored.items() if channel not in known}
        return Values(values.inline, stored), [*moved.values()]

    def add(self, keys: Iterable[Key]) -> None:
        """Remember blobs that were committed."""
        for key in keys:
            self._keys[key] = None
            self._keys.move_to_end(key)
        while len(self._keys) > _KEPT:
            self._keys.popitem(last=False)

    def forget(self, thread_ids: Iterable[str]) -> None:
        """Forget threads whose blobs were deleted."""
        gone = set(thread_ids)
        self._keys = OrderedDict.fromkeys(key for key in self._keys if key[0] not in gone)

    def _knows(self, key: Key) -> bool:
        if key not in self._keys:
            return False
        self._keys.move_to_end(key)
        return True
