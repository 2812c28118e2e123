"""From what LangGraph hands to a saver to the rows that are stored. Pure; a value that cannot be stored is named."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.base import WRITES_IDX_MAP, ChannelVersions, Checkpoint
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.types import TASKS, _DeltaSnapshot
from langgraph.types import Send

from langgraph_quorum.orchestration.persistence.saving.rows import BlobRow, CheckpointRow, Rows, WriteRow, write_row
from langgraph_quorum.state.errors import BlockedTypeError, ChannelValueError, ConfigurationError

LARGE_CHARS = 2048
"""A text of at least this length is stored once, in `checkpoint_blobs`, instead of in every checkpoint."""
MOST_BYTES = 1_000_000_000
"""Of one value: Postgres takes a gigabyte, and a little goes with it."""

_ROW_BYTES = 150
_NEED_NO_LOOK = frozenset({dict, list, tuple, type(None), bool, Send})
"""What is not written as a text or a number of its own."""
_UNFIT = (BlockedTypeError, TypeError, ValueError, OverflowError, RecursionError)
"""What a serializer raises of a value."""
_NEVER_IN_CHECKPOINTS = frozenset({*WRITES_IDX_MAP, TASKS, "__return__", "__no_writes__", "__error_source_node__"})


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a checkpoint, by where they are stored.

    Attributes:
        inline: In the checkpoint itself; for a delta channel's snapshot the marker `True`.
        stored: In blobs of their own, by channel: version and value.
    """

    inline: dict[str, Any]
    stored: dict[str, tuple[str, Any]]


def encode_writes(
    serde: SerializerProtocol,
    place: tuple[str, str, str],
    writes: Sequence[tuple[str, Any]],
    task_id: str,
    task_path: str,
) -> Rows:
    """The rows of what one task has written.

    What no checkpoint can hold is refused already here: once stored, it would be applied again at each resume, and
    the checkpoint after it refused each time, whatever became of the node meanwhile. LangGraph's own channels, which
    no checkpoint holds, take everything.

    Args:
        serde: Makes bytes of values.
        place: Thread, namespace and checkpoint.
        writes: Channels and values.
        task_id: The task.
        task_path: Its path.

    Raises:
        ChannelValueError: A value cannot be stored.
        BlockedTypeError: A value is of a type that is not allowed.
    """
    rows: list[WriteRow] = []
    size, replacing, channel = 0, True, ""
    try:
        for position, (channel, value) in enumerate(writes):
            if type(value) not in _NEED_NO_LOOK and channel not in _NEVER_IN_CHECKPOINTS:
                _check_primitive(channel, value)
            kind, blob = serde.dumps_typed(value)
            if len(blob) > MOST_BYTES:
                raise _too_large(channel, blob)
            idx = WRITES_IDX_MAP.get(channel, position)
            rows.append(write_row((*place, task_id, idx, task_path, channel, kind, blob)))
            size += len(blob) + _ROW_BYTES
            replacing = replacing and idx < 0
    except _UNFIT as error:
        raise _named(channel, error) from error
    return Rows(tuple(rows), replacing, size_bytes=size)


def encode_checkpoint(
    serde: SerializerProtocol,
    place: tuple[str, str, str],
    checkpoint: Checkpoint,
    *,
    parent_id: str | None,
    metadata: Mapping[str, Any],
    values: Values,
) -> Rows:
    """The rows of a checkpoint.

    Args:
        serde: Makes bytes of values.
        place: Thread, namespace and checkpoint.
        checkpoint: All but its values is stored as it is.
        parent_id: The checkpoint before it.
        metadata: What goes beside it.
        values: Its values.

    Raises:
        ChannelValueError: A value cannot be stored.
        BlockedTypeError: A value is of a type that is not allowed.
        ConfigurationError: The metadata of the run's config cannot be stored.
    """
    _check_metadata(metadata)
    for channel, value in values.inline.items():
        _check_primitive(channel, value)
    blobs = tuple(
        BlobRow(*place[:2], channel, version, *_dumped_stored(serde, channel, value))
        for channel, (version, value) in values.stored.items()
    )
    content = json.dumps({**checkpoint, "channel_values": values.inline})
    row = CheckpointRow(*place, parent_id, content, json.dumps(metadata))
    size = sum(len(blob.blob) + _ROW_BYTES for blob in blobs) + len(row.checkpoint) + len(row.metadata)
    return Rows(blobs=blobs, checkpoint=row, size_bytes=size)


def split_values(checkpoint: Checkpoint, new_versions: ChannelVersions, *, sealed: bool) -> Values:
    """Where each value of a checkpoint is stored.

    As in the official saver, None, texts, numbers and truth values are inline, all else in blobs once they change.
    Large texts, and with `sealed` everything, go to blobs too; those without change included, for an earlier
    checkpoint may hold them inline.
    """
    found = Values({}, {})
    for channel, value in checkpoint["channel_values"].items():
        if not is_primitive(value):
            if isinstance(value, _DeltaSnapshot):
                found.inline[channel] = True
            if channel in new_versions:
                found.stored[channel] = str(new_versions[channel]), value
            continue
        version = new_versions.get(channel, checkpoint["channel_versions"].get(channel))
        if version is not None and (sealed or (type(value) is str and len(value) >= LARGE_CHARS)):
            found.stored[channel] = str(version), value
        elif sealed:
            raise ChannelValueError(channel, "it has no version, which encryption needs: let LangGraph write it")
        else:
            found.inline[channel] = value
    return found


def is_primitive(value: object) -> bool:
    """Whether the official saver keeps such a value in the checkpoint itself."""
    return value is None or isinstance(value, (str, int, float, bool))


def _dumped_stored(serde: SerializerProtocol, channel: str, value: Any) -> tuple[str, bytes]:
    if not is_primitive(value):
        return _dumped(serde, channel, value)
    _check_primitive(channel, value)
    if type(value) is str:
        return _dumped(serde, channel, value)
    return "json", json.dumps(value).encode()  # what becomes of it in a checkpoint


def _dumped(serde: SerializerProtocol, channel: str, value: Any) -> tuple[str, bytes]:
    try:
        kind, blob = serde.dumps_typed(value)
    except _UNFIT as error:
        raise _named(channel, error) from error
    if len(blob) > MOST_BYTES:
        raise _too_large(channel, blob)
    return kind, blob


def _named(channel: str, error: Exception) -> Exception:
    """The error of a value, with the name of its channel."""
    if isinstance(error, BlockedTypeError):
        return BlockedTypeError(f"the state's field {channel!r} cannot be stored: {error}")
    return ChannelValueError(channel, str(error) or type(error).__name__)


def _too_large(channel: str, blob: bytes) -> ChannelValueError:
    mend = "write it to a file, and keep its path in the state"
    return ChannelValueError(channel, f"it takes {len(blob)} bytes, more than Postgres holds ({MOST_BYTES}): {mend}")


def _check_metadata(metadata: Mapping[str, Any]) -> None:
    for name, value in metadata.items():
        try:
            _check_primitive(name, value)
        except ChannelValueError as error:
            raise ConfigurationError(f"metadata[{name!r}]", value, error.problem) from error


def _check_primitive(channel: str, value: Any) -> None:
    """Refuse what no JSON in Postgres can hold."""
    match value:
        case str():
            if "\x00" in value:
                raise ChannelValueError(channel, "it holds a NUL character: take it out")
            try:
                value.encode()
            except UnicodeEncodeError as error:
                problem = f"it holds half of a character (a lone surrogate, at {error.start}): take it out"
                raise ChannelValueError(channel, problem) from error
        case float():
            if not math.isfinite(value):
                raise ChannelValueError(channel, f"{value} is not a number that JSON has: use None")
        case int():
            try:
                int.__repr__(value)
            except ValueError as error:
                raise ChannelValueError(channel, f"the number is too long ({error})") from error
