"""Sealing what a saver stores, each value for its own row, and opening it where that row is known again."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.saving.rows import BlobRow, CheckpointRow, Rows, WriteRow
from langgraph_quorum.orchestration.persistence.sealing import Place, Sealer
from langgraph_quorum.state.errors import SealError

ENVELOPE = "sealed"
"""The key of the metadata under which its sealed form is: [kind, base64]."""

_LINKS = "links"
"""The key of the sealed metadata under which the checkpoint's own column is summed up. Older rows have none."""

_CLEAR_METADATA = ("parents", "counters_since_delta_snapshot", "delta_writes_versioned")
"""Ids and counts that the official saver's pruning asks for in SQL. Reading takes them from the envelope."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Rows as they are stored with a sealer. Every value is bound to the primary key of its row, and its channel."""

    sealer: Sealer

    def seal(self, rows: Rows) -> Rows:
        """The rows as they are stored. Their checkpoint must hold no values but markers of delta channels."""
        return Rows(
            writes=tuple(self._sealed_write(write) for write in rows.writes),
            replacing=rows.replacing,
            blobs=tuple(self._sealed_blob(blob) for blob in rows.blobs),
            checkpoint=None if rows.checkpoint is None else self._sealed_checkpoint(rows.checkpoint),
            size_bytes=rows.size_bytes,
        )

    def opened(self, row: DictRow) -> DictRow:
        """A row of the official saver's SELECT, opened.

        Raises:
            SealError: A value is not sealed, or was sealed for another place.
        """
        thread_id, ns, checkpoint_id = row["thread_id"], row["checkpoint_ns"], row["checkpoint_id"]
        versions = row["checkpoint"]["channel_versions"]
        blobs = row["channel_values"] or []
        in_clear = set(row["checkpoint"].get("channel_values") or {}) - {channel.decode() for channel, _, _ in blobs}
        if in_clear:
            raise SealError(f"the fields {sorted(in_clear)} of checkpoint {checkpoint_id!r} are not encrypted")
        return {
            **row,
            "metadata": self._opened_metadata(row),
            "channel_values": [self._opened_blob(thread_id, ns, versions, blob) for blob in blobs],
            "pending_writes": [
                self._opened_write(thread_id, ns, checkpoint_id, write) for write in row["pending_writes"] or []
            ],
        }

    def opened_history(self, thread_id: str, ns: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows of the official saver's second query for the history of delta channels, opened."""
        return [self._opened_history_row(thread_id, ns, row) for row in rows]

    def _sealed_write(self, row: WriteRow) -> WriteRow:
        place = _write_place(*row[:4], str(row.idx), row.channel)
        kind, data = self.sealer.seal(place, row.type, row.blob)
        return row._replace(type=kind, blob=data)

    def _sealed_blob(self, row: BlobRow) -> BlobRow:
        place = _blob_place(row.thread_id, row.checkpoint_ns, row.channel, row.version)
        kind, data = self.sealer.seal(place, row.type, row.blob)
        return row._replace(type=kind, blob=data)

    def _sealed_checkpoint(self, row: CheckpointRow) -> CheckpointRow:
        place = _metadata_place(row.thread_id, row.checkpoint_ns, row.checkpoint_id)
        metadata = json.loads(row.metadata)
        content = {**metadata, _LINKS: _summed_up(json.loads(row.checkpoint))}
        kind, data = self.sealer.seal(place, "json", json.dumps(content).encode())
        envelope = {**left_readable(metadata), ENVELOPE: [kind, base64.b64encode(data).decode()]}
        return row._replace(metadata=json.dumps(envelope))

    def _opened_metadata(self, row: DictRow) -> dict[str, Any]:
        place = _metadata_place(row["thread_id"], row["checkpoint_ns"], row["checkpoint_id"])
        match row["metadata"].get(ENVELOPE):
            case [str(kind), str(text)]:
                _, data = self.sealer.unseal(place, kind, base64.b64decode(text))
                opened: dict[str, Any] = json.loads(data)
                if opened.pop(_LINKS, None) not in {None, _summed_up(row["checkpoint"])}:
                    raise SealError(
                        f"checkpoint {place.key[1]!r} of thread {place.thread_id!r} is not the one stored there"
                    )
                return opened
        raise SealError(f"the metadata of a checkpoint of thread {place.thread_id!r} is not encrypted")

    def _opened_blob(self, thread_id: str, ns: str, versions: Mapping[str, Any], blob: Sequence[bytes]) -> list[bytes]:
        channel, kind, data = blob
        place = _blob_place(thread_id, ns, channel.decode(), str(versions[channel.decode()]))
        opened, content = self.sealer.unseal(place, (kind or b"").decode(), data or b"")
        return [channel, opened.encode(), content]

    def _opened_write(self, thread_id: str, ns: str, checkpoint_id: str, write: Sequence[bytes]) -> list[bytes]:
        task_id, channel, kind, data, path, idx = write
        place = _write_place(thread_id, ns, checkpoint_id, task_id.decode(), idx.decode(), channel.decode())
        opened, content = self.sealer.unseal(place, (kind or b"").decode(), data or b"")
        return [task_id, channel, opened.encode(), content, path, idx]

    def _opened_history_row(self, thread_id: str, ns: str, row: Mapping[str, Any]) -> dict[str, Any]:
        if row["_kind"] == "w":
            place = _write_place(thread_id, ns, row["checkpoint_id"], row["task_id"], str(row["idx"]), row["channel"])
        else:
            place = _blob_place(thread_id, ns, row["channel"], row["version"])
        kind, data = self.sealer.unseal(place, row["type"], row["blob"] or b"")
        return {**row, "type": kind, "blob": data}


def left_readable(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What of a checkpoint's metadata stays readable beside its sealed form."""
    return {key: metadata[key] for key in _CLEAR_METADATA if key in metadata}


def _write_place(thread_id: str, *key: str) -> Place:
    """Namespace, checkpoint, task, index and channel make the key."""
    return Place("checkpoint_writes", thread_id, key)


def _blob_place(thread_id: str, ns: str, channel: str, version: str) -> Place:
    return Place("checkpoint_blobs", thread_id, (ns, channel, version))


def _metadata_place(thread_id: str, ns: str, checkpoint_id: str) -> Place:
    return Place("checkpoints", thread_id, (ns, checkpoint_id, "metadata"))


def _summed_up(checkpoint: Mapping[str, Any]) -> str:
    """Which values a checkpoint is made of: its id, the versions it has, and those that each node has seen."""
    parts = [checkpoint["id"], checkpoint["channel_versions"], checkpoint["versions_seen"]]
    return hashlib.sha256(json.dumps(_comparable(parts), sort_keys=True).encode()).hexdigest()


def _comparable(value: Any) -> Any:
    """JSON as Postgres gives it back, which may write a number in another way."""
    match value:
        case dict():
            return {key: _comparable(one) for key, one in value.items()}
        case list():
            return [_comparable(one) for one in value]
        case int() | float():
            return float(value)
    return value
