"""Large values that were written lately: a checkpoint that holds one of them has the server copy it.

A result is written when its task ends, and often once more in the checkpoint after it. Compressing it takes the server
most of the time; a copy of what is compressed already does not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from langgraph_quorum.orchestration.persistence.saving.rows import BlobRow, CopyRow, WriteRow

LARGE_BYTES = 16_384
"""From here on copying takes less than sending: a statement more, and nothing to compress."""
KEPT_BYTES = 8 * 2**20

_Key: TypeAlias = tuple[str, str, str]


class RecentWrites:
    """Keeps the latest large write to each channel, 8 MB in all. Used from one thread."""

    def __init__(self) -> None:
        self._rows: OrderedDict[_Key, WriteRow] = OrderedDict()
        self._size = 0

    def add(self, rows: Iterable[WriteRow]) -> None:
        """Remember rows that are stored just so."""
        for row in rows:
            if LARGE_BYTES <= len(row.blob) <= KEPT_BYTES:
                key = row.thread_id, row.checkpoint_ns, row.channel
                self._drop(key)
                self._rows[key] = row
                self._size += len(row.blob)
        while self._size > KEPT_BYTES:
            self._drop(next(iter(self._rows)))

    def split(self, blobs: Sequence[BlobRow]) -> tuple[list[BlobRow], list[CopyRow]]:
        """Which blobs are to be sent, and which to be copied. What is copied is not remembered any longer."""
        sent: list[BlobRow] = []
        copied: list[CopyRow] = []
        for blob in blobs:
            key = blob.thread_id, blob.checkpoint_ns, blob.channel
            written = self._rows.get(key)
            if written is not None and (written.type, written.blob) == (blob.type, blob.blob):
                copied.append(CopyRow(*blob[:5], written.checkpoint_id, written.task_id, written.idx))
                self._drop(key)
            else:
                sent.append(blob)
        return sent, copied

    def _drop(self, key: _Key) -> None:
        row = self._rows.pop(key, None)
        if row is not None:
            self._size -= len(row.blob)
