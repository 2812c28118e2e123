"""What a saver asks of whoever encrypts: seal a value for the one place that it is stored in, and open it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Table: TypeAlias = Literal["checkpoints", "checkpoint_blobs", "checkpoint_writes", "artifacts", "runs"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is stored. A value that is moved to another place cannot be opened there.

    Attributes:
        table: The table.
        thread_id: The thread; empty for what no thread owns.
        key: The rest of the row's primary key and the column, with these parts:
            `checkpoint_blobs`: checkpoint_ns, channel, version;
            `checkpoint_writes`: checkpoint_ns, checkpoint_id, task_id, idx, channel;
            `checkpoints`: checkpoint_ns, checkpoint_id, "metadata";
            `artifacts`, with no thread: the address, "data";
            `runs`: "options" or "task".
    """

    table: Table
    thread_id: str
    key: tuple[str, ...]


class Sealer(Protocol):
    """Encrypts and decrypts. Called in worker threads, several at once; must not wait for anything."""

    def seal(self, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
        """The kind and the bytes to store in place of these; the kind is what the serializer calls it."""
        ...

    def unseal(self, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
        """What was sealed.

        Raises:
            SealError: the value is not sealed, was sealed for another place, or with a key that is not known.
        """
        ...
