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
                key = _key(row)
                self._drop(key)
                self._rows[key] = row
                self._size += len(row.blob)
        while self._size > KEPT_BYTES:
            self._drop(next(iter(self._rows)))

    def split(
        self, blobs: Sequence[BlobRow], writes: Sequence[WriteRow]
    ) -> tuple[list[BlobRow], list[CopyRow], list[CopyRow]]:
        """Which blobs are to be sent, which copied, and which copied of what is written along with them.

        Args:
            blobs: None of which is in the database.
            writes: Of the same transaction, ahead of them. What is copied of these must be theirs: none may be there.
        """
        sent: list[BlobRow] = []
        copied: list[CopyRow] = []
        along: list[CopyRow] = []
        large = [blob for blob in blobs if len(blob.blob) >= LARGE_BYTES]
        new = {_key(row): row for row in writes if len(row.blob) >= LARGE_BYTES} if large else {}
        for blob in blobs:
            key = _key(blob)
            for known, copies in ((new, along), (self._rows, copied)):
                written = known.get(key)
                if written is not None and (written.type, written.blob) == (blob.type, blob.blob):
                    copies.append(CopyRow(*blob[:5], written.checkpoint_id, written.task_id, written.idx))
                    self._drop(key)  # it is not remembered any longer
                    break
            else:
                sent.append(blob)
        return sent, copied, along

    def _drop(self, key: _Key) -> None:
        row = self._rows.pop(key, None)
        if row is not None:
            self._size -= len(row.blob)


def _key(row: WriteRow | BlobRow) -> _Key:
    return row.thread_id, row.checkpoint_ns, row.channel
