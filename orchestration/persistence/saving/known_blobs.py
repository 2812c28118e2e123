"""Which blobs are known to be in the database, so that an unchanged large text is sent once and not every time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeAlias

Key: TypeAlias = tuple[str, str, str, str]
"""Thread, namespace, channel and version."""

_KEPT = 10_000


class KnownBlobs:
    """Remembers the latest 10,000; a blob that was forgotten is sent again, and nothing happens on conflict."""

    def __init__(self) -> None:
        self._keys: OrderedDict[Key, None] = OrderedDict()

    def __contains__(self, key: Key) -> bool:
        if key not in self._keys:
            return False
        self._keys.move_to_end(key)
        return True

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
