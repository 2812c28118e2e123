"""One batch, one transaction: the leases it was written under are held, then its rows go in, one statement a table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from psycopg import AsyncPipeline
from psycopg.pq.abc import PGconn

from langgraph_quorum.orchestration.persistence.pool import Connection, Pool
from langgraph_quorum.orchestration.persistence.saving.exchange import exchange
from langgraph_quorum.orchestration.persistence.saving.rows import Batch, Rows, batch_of, columns

Fence: TypeAlias = tuple[str, int]
"""A thread and the token that its lease must be held under."""

STATEMENT_ROWS = 512
"""Rows in one statement, at most. With several, the server works on the first while the next is made."""

_Call: TypeAlias = tuple[Fence | None, Rows]
_Statement: TypeAlias = tuple[bytes, dict[str, Any]]


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
class Transactions:
    """Writes batches.

    Attributes:
        pool: Where connections come from.
        relaxed_writes: Whether a batch of nothing but writes of tasks may be lost with the server's last moments.
    """

    pool: Pool
    relaxed_writes: bool = False

    async def store(self, calls: Sequence[_Call]) -> Stored:
        """Write the rows of calls, each under its lease, in one transaction.

        Args:
            calls: In the order they were made.

        Raises:
            psycopg.Error: Nothing was written; or, with the connection lost at the end, perhaps all.
        """
        fences = sorted({fence for fence, _ in calls if fence is not None})
        if fences:
            return await self._store_fenced(calls, fences)
        statements, stored = self._plan(calls, frozenset())
        if statements:
            async with self.pool.trusted_connection() as connection:
                if len(statements) == 1:  # a transaction of its own
                    await connection.execute(*statements[0])
                else:
                    async with _transaction(connection):
                        await _carry_out(connection, statements)
        return stored

    async def _store_fenced(self, calls: Sequence[_Call], fences: Sequence[Fence]) -> Stored:
        async with self.pool.trusted_connection() as connection, _transaction(connection):
            lost = await self._lost(connection, fences)
            statements, stored = self._plan(calls, lost)
            await _carry_out(connection, statements)
        return replace(stored, statements=stored.statements + 1)

    def store_from_thread(
        self, pgconn: PGconn, calls: Sequence[_Call], *, until: float, is_stopped: Callable[[], bool]
    ) -> Stored:
        """The same in one round trip and from a thread, if all leases are held and nothing is at fault.

        Args:
            pgconn: Of a connection of the pool that nobody else uses meanwhile.
            calls: In the order they were made.
            until: When to give up, by `time.monotonic()`.
            is_stopped: Whether to give up now; looked at ten times a second.

        Raises:
            Exception: As `exchange` says. Nothing was written; or, with the connection lost, perhaps all.
        """
        fences = sorted({fence for fence, _ in calls if fence is not None})
        statements, stored = self._plan(calls, frozenset())
        if fences:
            statements.insert(0, (self.pool.statements("checkpoints")["demand_tokens"], _asked(fences)))
            stored = replace(stored, statements=stored.statements + 1)
        if statements:
            exchange(pgconn, statements, until=until, is_stopped=is_stopped)
        return stored

    def _plan(self, calls: Sequence[_Call], lost: frozenset[Fence]) -> tuple[list[_Statement], Stored]:
        kept = [rows for fence, rows in calls if fence not in lost]
        batch = batch_of(kept)
        sql = self.pool.statements("checkpoints")
        statements = list(_inserts(sql, batch))
        if self.relaxed_writes and statements and not batch.checkpoints:
            statements.insert(0, (sql["relax"], {}))
        return statements, Stored(lost, len(batch), sum(rows.size_bytes for rows in kept), len(statements))

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


async def _carry_out(connection: Connection, statements: Iterable[_Statement]) -> None:
    for statement in statements:
        await connection.execute(*statement)


def _inserts(sql: dict[str, bytes], batch: Batch) -> Iterator[_Statement]:
    tables: Iterable[tuple[str, Sequence[Any]]] = (
        ("new_writes", batch.new_writes),
        ("replaced_writes", batch.replaced_writes),
        ("blobs", batch.blobs),
        ("checkpoints", batch.checkpoints),
    )
    return (
        (sql[name], columns(rows[start : start + STATEMENT_ROWS]))
        for name, rows in tables
        for start in range(0, len(rows), STATEMENT_ROWS)
    )
