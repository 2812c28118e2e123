"""One batch, one transaction: the leases it was written under are held, then its rows go in, one statement a table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from psycopg import AsyncPipeline

from langgraph_quorum.orchestration.persistence.pool import Connection, Pool
from langgraph_quorum.orchestration.persistence.saving.aside import carried_out_aside
from langgraph_quorum.orchestration.persistence.saving.pipelined import Statement
from langgraph_quorum.orchestration.persistence.saving.recent_writes import RecentWrites
from langgraph_quorum.orchestration.persistence.saving.rows import Batch, CopyRow, Rows, WriteRow, batch_of, columns

Fence: TypeAlias = tuple[str, int]
"""A thread and the token that its lease must be held under."""

STATEMENT_ROWS = 512
"""Rows in one statement, at most. With several, the server works on the first while the next is made."""
FIRST_ROWS = 128
"""From so many writes on they are taken to be the first of their tasks, until the server says otherwise."""
ASIDE_BYTES = 2**20
"""A batch of this size is sent from a thread: to hand a megabyte to libpq takes a millisecond or more."""
STATEMENT_BYTES = 256 * 2**20
"""Of a batch whose rows go one by one: Postgres takes a gigabyte in one statement."""

_Call: TypeAlias = tuple[Fence | None, Rows]


@dataclass(frozen=True, slots=True)
class Stored:
    """What a transaction has done.

    Attributes:
        lost: Leases that are not held any more; what was to be written under them was left out.
        rows: How many rows were sent.
        size_bytes: About how many bytes.
        statements: How many statements, without BEGIN and COMMIT.
    """

    lost: frozenset[Fence]
    rows: int
    size_bytes: int
    statements: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch as it is sent in one round trip.

    Attributes:
        statements: Empty where there is nothing to write.
        stored: What they will have done.
        kind: The name of the statement that writes the new writes.
        new_writes: Its rows.
    """

    statements: Sequence[Statement]
    stored: Stored
    kind: str
    new_writes: Sequence[WriteRow]


@dataclass(frozen=True, slots=True)
class Transactions:
    """Writes batches.

    Attributes:
        pool: Where connections come from.
        relaxed_writes: Whether a batch of nothing but writes of tasks may be lost with the server's last moments.
    """

    pool: Pool
    relaxed_writes: bool = False
    _recent: RecentWrites = field(default_factory=RecentWrites)

    async def store(self, calls: Sequence[_Call]) -> Stored:
        """Write the rows of calls, each under its lease, in one transaction.

        Args:
            calls: In the order they were made.

        Raises:
            psycopg.Error: Nothing was written; or, with the connection lost at the end, perhaps all.
        """
        if sum(rows.size_bytes for _, rows in calls) >= ASIDE_BYTES and (done := await self._store_aside(calls)):
            return done
        fences = sorted({fence for fence, _ in calls if fence is not None})
        if fences:
            return await self._store_fenced(calls, fences)
        batch, stored = _batch(calls, frozenset())
        statements = self._statements(batch, stored)
        if statements:
            async with self.pool.trusted_connection() as connection:
                if len(statements) == 1:  # a transaction of its own
                    await _carry_out(connection, statements)
                else:
                    async with _transaction(connection):
                        await _carry_out(connection, statements)
        return replace(stored, statements=len(statements))

    async def _store_aside(self, calls: Sequence[_Call]) -> Stored | None:
        """The same from a thread of its own, for what would take long to send; None when it has to be done here."""
        for wary in (False, True):
            prepared = self.prepare(calls, wary=wary)
            async with self.pool.trusted_connection() as connection:
                counts = await carried_out_aside(connection, prepared.statements)
            if counts is not None:
                self.note(prepared, counts)
                return prepared.stored
        return None

    async def _store_fenced(self, calls: Sequence[_Call], fences: Sequence[Fence]) -> Stored:
        async with self.pool.trusted_connection() as connection, _transaction(connection):
            lost = await self._lost(connection, fences)
            batch, stored = _batch(calls, lost)
            statements = self._statements(batch, stored)
            await _carry_out(connection, statements)
        return replace(stored, statements=len(statements) + 1)

    def prepare(self, calls: Sequence[_Call], *, wary: bool = False) -> Prepared:
        """The same for one round trip, if all leases are held and nothing is at fault.

        What the calls hold twice, or the server has already, it is told to copy. Many writes at once, and those that
        are copied, must not be there yet.

        Args:
            calls: In the order they were made.
            wary: Nothing is copied, and everything may be there already: that much was refused just now.
        """
        batch, stored = _batch(calls, frozenset())
        copies: list[CopyRow] = []
        writes = "new_writes"
        if not wary:
            batch.blobs, recent, along = self._recent.split(batch.blobs, batch.new_writes)
            copies = [*recent, *along]
            writes = "first_writes" if along or len(batch.new_writes) >= FIRST_ROWS else writes
        statements = [*self._demands(calls), *self._statements(batch, stored, copies, writes)]
        return Prepared(statements, replace(stored, statements=len(statements)), writes, batch.new_writes)

    def note(self, prepared: Prepared, counts: Sequence[int]) -> None:
        """It was carried out.

        Args:
            prepared: What was prepared last.
            counts: How many rows each of its statements has written.
        """
        sql = self.pool.statements("checkpoints")[prepared.kind]
        done = zip(prepared.statements, counts, strict=True)
        if sum(count for statement, count in done if statement.sql == sql) == len(prepared.new_writes):
            self._recent.add(prepared.new_writes)  # none of them was there before, perhaps with another value

    def _demands(self, calls: Sequence[_Call]) -> list[Statement]:
        fences = sorted({fence for fence, _ in calls if fence is not None})
        sql = self.pool.statements("checkpoints")["demand_tokens"]
        return [Statement(sql, _asked(fences))] if fences else []

    def _statements(
        self, batch: Batch, stored: Stored, copies: Sequence[CopyRow] = (), writes: str = "new_writes"
    ) -> list[Statement]:
        sql = self.pool.statements("checkpoints")
        rows_each = STATEMENT_ROWS if stored.size_bytes < STATEMENT_BYTES else 1
        statements = list(_inserts(sql, batch, copies, writes, rows_each))
        if self.relaxed_writes and statements and not batch.checkpoints:
            statements.insert(0, Statement(sql["relax"], {}))
        return statements

    async def _lost(self, connection: Connection, fences: Sequence[Fence]) -> frozenset[Fence]:
        cursor = await connection.execute(self.pool.statements("checkpoints")["hold_tokens"], _asked(fences))
        return frozenset(fences) - {(row["thread_id"], row["token"]) for row in await cursor.fetchall()}


def _asked(fences: Sequence[Fence]) -> dict[str, Any]:
    return {"thread_ids": [thread for thread, _ in fences], "tokens": [token for _, token in fences]}


@asynccontextmanager
async def _transaction(connection: Connection) -> AsyncIterator[None]:
    """A transaction whose statements wait for one answer all together, where libpq can."""
    async with AsyncExitStack() as stack:
        if AsyncPipeline.is_supported():
            await stack.enter_async_context(connection.pipeline())
        await stack.enter_async_context(connection.transaction())
        yield


async def _carry_out(connection: Connection, statements: Iterable[Statement]) -> None:
    for statement in statements:
        await connection.execute(statement.sql, statement.columns)


def _batch(calls: Sequence[_Call], lost: frozenset[Fence]) -> tuple[Batch, Stored]:
    """What is to be written, and what that will have done but for its statements."""
    kept = [rows for fence, rows in calls if fence not in lost]
    batch = batch_of(kept)
    return batch, Stored(lost, len(batch), sum(rows.size_bytes for rows in kept), 0)


def _inserts(
    sql: dict[str, bytes], batch: Batch, copies: Sequence[CopyRow], writes: str, rows_each: int
) -> Iterator[Statement]:
    tables: Iterable[tuple[str, Sequence[Any]]] = (
        (writes, batch.new_writes),
        ("replaced_writes", batch.replaced_writes),
        ("blobs", batch.blobs),
        ("copied_blobs", copies),
        ("checkpoints", batch.checkpoints),
    )
    return (
        Statement(sql[name], columns(rows[start : start + rows_each]), is_steady=rows is not copies)
        for name, rows in tables
        for start in range(0, len(rows), rows_each)
    )
