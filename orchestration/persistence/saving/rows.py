"""Rows of LangGraph's three tables, and how the rows of many calls become one batch. Pure.

A statement cannot touch a row twice, so a batch holds each row once: with what it would hold had the calls been
carried out one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeAlias


class WriteRow(NamedTuple):
    """A row of `checkpoint_writes`."""

    thread_id: str
    checkpoint_ns: str
    checkpoint_id: str
    task_id: str
    idx: int
    task_path: str
    channel: str
    type: str
    blob: bytes


write_row: Callable[[tuple[Any, ...]], WriteRow] = partial(tuple.__new__, WriteRow)
"""A row from its columns in order: a third of the time that the class itself takes, which there are thousands of."""


class BlobRow(NamedTuple):
    """A row of `checkpoint_blobs`."""

    thread_id: str
    checkpoint_ns: str
    channel: str
    version: str
    type: str
    blob: bytes


class CopyRow(NamedTuple):
    """A row of `checkpoint_blobs` whose value is that of a row of `checkpoint_writes`, named by its last columns."""

    thread_id: str
    checkpoint_ns: str
    channel: str
    version: str
    type: str
    checkpoint_id: str
    task_id: str
    idx: int


class CheckpointRow(NamedTuple):
    """A row of `checkpoints`, with its two columns of JSON as text."""

    thread_id: str
    checkpoint_ns: str
    checkpoint_id: str
    parent_checkpoint_id: str | None
    checkpoint: str
    metadata: str


Row: TypeAlias = WriteRow | BlobRow | CopyRow | CheckpointRow
_WRITE_KEY, _BLOB_KEY, _CHECKPOINT_KEY = 5, 4, 3  # how many of the first columns are the primary key


class Rows(NamedTuple):
    """What one call of the saver writes.

    Attributes:
        writes: In the order of the call.
        replacing: Whether `writes` replace what is there; else what is there stays.
        blobs: Of a checkpoint; what is there stays.
        checkpoint: Replaces the content of what is there, not its parent.
        size_bytes: About what is sent for it.
    """

    writes: tuple[WriteRow, ...] = ()
    replacing: bool = False
    blobs: tuple[BlobRow, ...] = ()
    checkpoint: CheckpointRow | None = None
    size_bytes: int = 0

    @property
    def largest(self) -> tuple[str, int]:
        """The channel with the largest value, and its bytes; no channel and 0 where there is no value."""
        sizes = [(len(row.blob), row.channel) for rows in (self.writes, self.blobs) for row in rows]
        size, channel = max(sizes, default=(0, ""))
        return channel, size


@dataclass(slots=True)
class Batch:
    """Rows for one statement each, in the order of the statements. No list names a primary key twice.

    Attributes:
        new_writes: Inserted unless they are there.
        replaced_writes: Inserted, or replacing what is there; some are in `new_writes` too, which come first.
        blobs: Inserted unless they are there.
        checkpoints: Inserted, or replacing what is there.
    """

    new_writes: list[WriteRow] = field(default_factory=list)
    replaced_writes: list[WriteRow] = field(default_factory=list)
    blobs: list[BlobRow] = field(default_factory=list)
    checkpoints: list[CheckpointRow] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.new_writes) + len(self.replaced_writes) + len(self.blobs) + len(self.checkpoints)


def batch_of(calls: Iterable[Rows]) -> Batch:
    """The rows of calls, as if the calls were carried out in this order."""
    new: dict[tuple[object, ...], WriteRow] = {}
    replaced: dict[tuple[object, ...], WriteRow] = {}
    blobs: dict[tuple[object, ...], BlobRow] = {}
    checkpoints: dict[tuple[object, ...], CheckpointRow] = {}
    for call in calls:
        for write in call.writes:
            key = write[:_WRITE_KEY]
            if call.replacing:
                # Of a row that is replaced, the path stays.
                first = replaced.get(key)
                replaced[key] = write if first is None else write._replace(task_path=first.task_path)
            elif key not in replaced:
                new.setdefault(key, write)
        for blob in call.blobs:
            blobs.setdefault(blob[:_BLOB_KEY], blob)
        if call.checkpoint is not None:
            name = call.checkpoint[:_CHECKPOINT_KEY]
            earlier = checkpoints.get(name, call.checkpoint)
            checkpoints[name] = call.checkpoint._replace(parent_checkpoint_id=earlier.parent_checkpoint_id)
    return Batch([*new.values()], [*replaced.values()], [*blobs.values()], [*checkpoints.values()])


def columns(rows: Sequence[Row]) -> dict[str, list[object]]:
    """The rows as one list for each column, by its name.

    Args:
        rows: At least one, all of one table.
    """
    return {name: list(values) for name, values in zip(rows[0]._fields, zip(*rows, strict=True), strict=True)}
