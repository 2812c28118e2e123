"""Plain values inside of checkpoints: before a database is encrypted, they move into blobs of their own.

None, texts, numbers and truth values are kept in the checkpoint itself, unless there is a sealer.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.encryption import SEALED, Encryption
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.orchestration.persistence.sealing import Place

_DOING = "moving plain values out of checkpoints"
_PAGE_S = 60.0
_TRUE = ("json", b"true")


async def move_inline_values(pool: Pool, sealer: Encryption, rows: int) -> tuple[int, int, list[str]]:
    """Move the values of all checkpoints into blobs, sealed; the markers of delta channels stay.

    Args:
        pool: A pool of the migrated database.
        sealer: Seals them.
        rows: Checkpoints read at once.

    Returns:
        How many values were moved; how many checkpoints were in use; and what has no version to be stored under.

    Raises:
        SealError: a blob that may belong to a marker cannot be opened.
        DatabaseError: The database cannot be used; what was done before is kept.
    """
    sql = pool.statements("resealing")
    after: dict[str, Any] = {"thread_id": "", "checkpoint_ns": "", "checkpoint_id": ""}
    moved, left, reasons = 0, 0, list[str]()
    while True:
        async with borrowed(pool, _DOING, timeout_s=_PAGE_S) as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(sql["inline_page"], {**after, "rows": rows})
            page = await cursor.fetchall()
        if not page:
            return moved, left, reasons
        after = {name: page[-1][name] for name in after}
        for row in page:
            if not row["stale"]:
                continue
            values, unversioned = await asyncio.to_thread(_moved, sealer, row)
            reasons += unversioned
            if not values["channels"]:
                continue
            async with borrowed(pool, _DOING, timeout_s=_PAGE_S) as connection:
                changed = (await connection.execute(sql["inline_swap"], values)).rowcount
            moved, left = moved + changed * len(values["channels"]), left + 1 - changed


def _moved(sealer: Encryption, row: DictRow) -> tuple[dict[str, Any], list[str]]:
    """What `inline_swap` takes for one checkpoint."""
    checkpoint = json.loads(row["data"])
    inline, versions = checkpoint["channel_values"], checkpoint["channel_versions"]
    kept = {channel: True for channel in _markers(sealer, row, versions) if inline.get(channel) is True}
    leaving = {channel: value for channel, value in inline.items() if channel not in kept and channel in versions}
    unversioned = [channel for channel in inline if channel not in kept and channel not in versions]
    sealed = [
        sealer.seal(_place(row, channel, versions), "json", json.dumps(value).encode())
        for channel, value in leaving.items()
    ]
    values = {
        **{name: row[name] for name in ("thread_id", "checkpoint_ns", "checkpoint_id", "data")},
        "channels": list(leaving),
        "versions": [str(versions[channel]) for channel in leaving],
        "kinds": [kind for kind, _ in sealed],
        "blobs": [data for _, data in sealed],
        "kept": json.dumps(kept | {channel: inline[channel] for channel in unversioned}),
    }
    where = f"checkpoint {row['checkpoint_id']!r} of thread {row['thread_id']!r}"
    return values, [f"the field {channel!r} of {where} has no version: it stays plain" for channel in unversioned]


def _markers(sealer: Encryption, row: DictRow, versions: dict[str, Any]) -> list[str]:
    """Channels whose `true` stands for a snapshot: their blob holds something else than `true`, moved there before."""
    found = []
    for name, kind, data in row["marked"] or []:
        channel = bytes(name).decode()
        content = (bytes(kind).decode(), bytes(data or b""))
        if content[0] == SEALED:
            content = sealer.unseal(_place(row, channel, versions), *content)
        if content != _TRUE:
            found.append(channel)
    return found


def _place(row: DictRow, channel: str, versions: dict[str, Any]) -> Place:
    return Place("checkpoint_blobs", row["thread_id"], (row["checkpoint_ns"], channel, str(versions[channel])))
