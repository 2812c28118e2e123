"""What Postgres holds of a run's branches: the public schema of LangGraph's saver, read from outside."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from langgraph_quorum.state.records import BranchRecord
from tests.crashes.ledger import key_of

# A checkpoint and what its tasks write are committed side by side. What belongs to a checkpoint that never came is
# never read again, so it does not count; what a later checkpoint holds counts, even while the task's write is missing.
_WRITTEN = """
SELECT type, blob FROM checkpoint_writes JOIN (SELECT thread_id, checkpoint_ns, checkpoint_id FROM checkpoints) AS whole
    USING (thread_id, checkpoint_ns, checkpoint_id)
WHERE thread_id = %s AND channel = %s ORDER BY checkpoint_id
"""
_WRITTEN_AHEAD = """
SELECT type, blob FROM checkpoint_writes WHERE thread_id = %s AND channel = %s ORDER BY checkpoint_id
"""
_HELD = """
SELECT type, blob FROM checkpoint_blobs
WHERE thread_id = %s AND channel = %s AND blob IS NOT NULL ORDER BY version
"""


class Kept:
    """The committed records of one thread."""

    def __init__(self, connection: psycopg.Connection, thread: str) -> None:
        self._connection, self._thread = connection, thread
        self._serde = JsonPlusSerializer()

    def records(self) -> dict[str, BranchRecord]:
        """By branch; of one that was written twice, as after a harvest, the last."""
        written = [*self._read(_HELD, "branches"), *self._read(_WRITTEN, "branches")]
        return {key_of(one["branch_id"], one["round"]): one for records in written for one in records.values()}

    def written(self) -> set[str]:
        """Branches that were written, also those beside a checkpoint that has not come, or never will."""
        return {
            key_of(one["branch_id"], one["round"])
            for records in self._read(_WRITTEN_AHEAD, "branches")
            for one in records.values()
        }

    def asked(self) -> bool:
        """Whether a question to a human was ever written."""
        return bool(self._read(_WRITTEN, "__interrupt__"))

    def _read(self, query: LiteralString, channel: str) -> list[Any]:
        try:
            rows = self._connection.execute(query, (self._thread, channel)).fetchall()
        except psycopg.errors.UndefinedTable:
            return []
        return [self._serde.loads_typed((kind, bytes(blob))) for kind, blob in rows]
