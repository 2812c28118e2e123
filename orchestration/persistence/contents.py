"""What a database holds, counted for people: tables, runs, leases. Nothing is changed or judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.migrations import MigrationStatus, read_status
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed
from langgraph_quorum.orchestration.persistence.roles import table_paths


@dataclass(frozen=True)
class TableSize:
    """How large one table is.

    Attributes:
        name: With its schema.
        size_bytes: On disk, with its indexes and large values.
        rows_estimate: As the server last counted, None when it never has.
    """

    name: str
    size_bytes: int
    rows_estimate: int | None


@dataclass(frozen=True)
class DatabaseContents:
    """What was found.

    Attributes:
        server_version: As the server names it, such as `18.4`.
        migrations: How far the database is migrated.
        tables: LangGraph's and ours that exist, by name.
        runs: Number of runs by status; a run whose lease ran out counts as interrupted.
        live_leases: Threads that are being driven now, as far as the database knows.
    """

    server_version: str
    migrations: MigrationStatus
    tables: tuple[TableSize, ...]
    runs: Mapping[str, int]
    live_leases: int


async def read_contents(pool: Pool) -> DatabaseContents:
    """Count what there is.

    Raises:
        DatabaseError: It cannot be read.
    """
    sql = pool.statements("health")
    async with borrowed(pool, "reading the tables") as connection:
        migrations = await read_status(connection, pool)
        (server,) = await _rows(connection, sql["server"])
        sizes = await _rows(connection, sql["sizes"], {"paths": list(table_paths(pool))})
        runs = await _rows(connection, sql["runs_by_status"]) if migrations.current else []
        leases = await _rows(connection, sql["live_leases"]) if migrations.current else [{"leases": 0}]
    tables = [
        TableSize(row["table_name"], row["size_bytes"], row["rows_estimate"] if row["rows_estimate"] >= 0 else None)
        for row in sizes
    ]
    counts = {row["status"]: row["runs"] for row in runs}
    return DatabaseContents(server["version"], migrations, tuple(tables), counts, leases[0]["leases"])


async def _rows(connection: Connection, statement: bytes, values: Mapping[str, object] | None = None) -> list[DictRow]:
    return await (await connection.execute(statement, values)).fetchall()
