"""Fan-outs in msgpack: a `Send` is packed when its task has written it, and not again for the checkpoint after it.

LangGraph hands a fan-out over twice, as the writes of the task that sends and, once that has ended, as the list of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from langgraph.types import Send

KEPT = 4096
KEPT_BYTES = 8 * 2**20


class PackedSends:
    """Keeps the bytes of the latest 4096 `Send`s, 8 MB in all, until their list asks for them. For any thread."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Send, bytes]] = {}
        self._size = 0
        self._lock = Lock()

    def keep(self, send: Send, data: bytes) -> None:
        """Remember what a `Send` was packed to; its object is kept alive, so that no other can have its id."""
        key = id(send)
        with self._lock:
            if key in self._kept:
                self._drop(key)
            self._kept[key] = send, data
            self._size += len(data)
            while len(self._kept) > KEPT or self._size > KEPT_BYTES:
                self._drop(next(iter(self._kept)))

    def taken(self, sends: Sequence[object]) -> bytes | None:
        """The list of them as msgpack, if each is kept. Nothing is kept of them any longer."""
        with self._lock:
            if not all(id(send) in self._kept for send in sends):
                return None
            data = b"".join([self._kept[id(send)][1] for send in sends])
            for send in sends:
                self._drop(id(send))
        return _array_head(len(sends)) + data

    def _drop(self, key: int) -> None:
        _, data = self._kept.pop(key, (None, b""))
        self._size -= len(data)


def _array_head(count: int) -> bytes:
    """How msgpack begins an array of so many."""
    if count < 2**4:
        return bytes([0x90 | count])
    if count < 2**16:
        return b"\xdc" + count.to_bytes(2, "big")
    return b"\xdd" + count.to_bytes(4, "big")
