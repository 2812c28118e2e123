"""Bringing a database up to date: LangGraph's tables and ours, once, however many processes start together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed, patient_connection
from langgraph_quorum.orchestration.persistence.statements import migration_scripts, quoted
from langgraph_quorum.state.errors import DatabaseError

_LOCK_S = 60.0
_WORK_S = 300.0  # building the saver's indexes on a large table takes its time
_POLL_S = 0.05


@dataclass(frozen=True)
class MigrationStatus:
    """How far a database is migrated.

    Attributes:
        current: Our last migration carried out; 0 for none.
        latest: Our last migration known to this release.
        saver_version: LangGraph's last migration carried out; -1 for none.
        saver_latest: LangGraph's last migration known to the installed release.
    """

    current: int
    latest: int
    saver_version: int
    saver_latest: int

    @property
    def untouched(self) -> bool:
        """Neither ours nor LangGraph's tables were ever made."""
        return self.current == 0 and self.saver_version < 0

    @property
    def up_to_date(self) -> bool:
        """Nothing is left to do. A database ahead of this release counts: migrations only ever add."""
        return self.current >= self.latest and self.saver_version >= self.saver_latest


async def migration_status(pool: Pool) -> MigrationStatus:
    """Read how far the database is; changes nothing.

    Raises:
        DatabaseError: It cannot be read, or the role may not see the tables.
    """
    async with borrowed(pool, "reading the migrations") as connection:
        return await read_status(connection, pool)


async def migrate(pool: Pool) -> MigrationStatus:
    """Create or update LangGraph's tables and ours; safe to call from any number of processes at once.

    A schema that the pool's settings name is created first when it is missing. A database that is up to date is only
    read, so a role without the right to create tables may call this as well.

    Returns:
        The status afterwards.

    Raises:
        DatabaseError: The role lacks the right to create what is missing, the server is read-only, or another process
            has been migrating for a minute.
    """
    before = await migration_status(pool)
    if before.up_to_date:
        return before
    try:
        with database_errors("migrating the database"):
            async with asyncio.timeout(_LOCK_S + _WORK_S), _locked(pool) as connection:
                if not (await read_status(connection, pool)).up_to_date:
                    await _set_up_saver(pool)
                    await _apply(connection, pool)
    except DatabaseError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            raise DatabaseError(await _missing_right(pool, error.__cause__)) from error.__cause__
        raise
    return await migration_status(pool)


async def read_status(connection: Connection, pool: Pool) -> MigrationStatus:
    """The same as `migration_status`, on a connection that is borrowed already. Errors are psycopg's."""
    sql = pool.statements("migrations")
    exists = await _row(connection, sql["tables"])
    saver = (await _row(connection, sql["saver_version"]))["version"] if exists["saver"] else -1
    ours = (await _row(connection, sql["quorum_version"]))["version"] if exists["quorum"] else 0
    return MigrationStatus(ours, migration_scripts()[-1].version, saver, len(AsyncPostgresSaver.MIGRATIONS) - 1)


async def schema_is_missing(connection: Connection, pool: Pool) -> bool:
    """Whether the schema that the pool's settings name is yet to be created; False when they name none."""
    if pool.settings.schema is None:
        return False
    return not (await _row(connection, pool.statements("migrations")["tables"]))["schema_exists"]


async def broken_indexes(connection: Connection, pool: Pool, after: int = -1) -> list[str]:
    """Indexes of LangGraph's tables that were not built to their end, by the names that SQL takes.

    Args:
        connection: Any connection of the pool.
        pool: The database.
        after: Only those that a migration of LangGraph's with a greater number makes.
    """
    found = await connection.execute(pool.statements("migrations")["broken_indexes"])
    to_come = " ".join(AsyncPostgresSaver.MIGRATIONS[after + 1 :])
    return [row["path"] for row in await found.fetchall() if row["name"] in to_come]


async def _set_up_saver(pool: Pool) -> None:
    """LangGraph's tables, and before them the schema they belong in: on a connection that commits each statement.

    It is not one of the pool's, whose statements are limited in time, while an index of a large table is not.
    """
    async with patient_connection(pool) as connection:
        if await schema_is_missing(connection, pool):
            await connection.execute(pool.statements("migrations")["create_schema"])
        version = (await read_status(connection, pool)).saver_version
        for index in await broken_indexes(connection, pool, version):
            await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}".encode())
        await AsyncPostgresSaver(connection).setup()


async def _apply(connection: Connection, pool: Pool) -> None:
    """Run our missing migrations in the transaction that holds the lock."""
    current = (await read_status(connection, pool)).current
    for migration in migration_scripts():
        if migration.version > current:
            await connection.execute(migration.on(pool.schema))
            parameters = {"version": migration.version, "name": migration.name}
            await connection.execute(pool.statements("migrations")["record"], parameters)


@asynccontextmanager
async def _locked(pool: Pool) -> AsyncIterator[Connection]:
    """A connection of its own, in a transaction that holds the migration lock.

    The lock belongs to the transaction, not to the session, so that it holds behind a transaction pooler too; and the
    connection is not the pool's, for it stands still in its transaction longer than the pool's may.
    """
    deadline = time.monotonic() + _LOCK_S
    async with patient_connection(pool) as connection:
        while True:
            async with connection.transaction():
                if (await _row(connection, pool.statements("migrations")["try_lock"]))["locked"]:
                    await connection.execute(pool.statements("migrations")["stand_still"])
                    yield connection
                    return
            if time.monotonic() >= deadline:
                raise DatabaseError(f"another process has been migrating this database for {_LOCK_S:.0f} s: look at it")
            await asyncio.sleep(_POLL_S)


async def _row(connection: Connection, statement: bytes) -> DictRow:
    row = await (await connection.execute(statement)).fetchone()
    if row is None:
        raise DatabaseError("Postgres gave no row where there always is one: is something rewriting its answers?")
    return row


async def _missing_right(pool: Pool, error: InsufficientPrivilege) -> str:
    async with borrowed(pool, "reading the migrations") as connection:
        names = await _row(connection, pool.statements("migrations")["tables"])
    role = quoted(names["role"])
    if pool.settings.schema is not None and not names["schema_exists"]:
        return (
            f"the role {names['role']!r} may not create the schema {pool.schema!r}, which is missing"
            f" ({error.diag.message_primary}): migrate once as the database's owner, or let the owner CREATE SCHEMA"
            f" {pool.schema} AUTHORIZATION {role}"
        )
    database = "" if pool.settings.schema is not None else f" ON DATABASE {quoted(names['database'])}, and"
    return (
        f"the role {names['role']!r} may not create the tables that are missing ({error.diag.message_primary}): migrate"
        f" once as the database's owner, or let the owner GRANT CREATE{database} ON SCHEMA {quoted(names['schema'])} TO"
        f" {role}"
    )
