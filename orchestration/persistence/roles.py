"""Two roles: one that owns the tables and migrates, and one that runs, with no more rights than a run needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed
from langgraph_quorum.orchestration.persistence.statements import check_schema, quoted
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError

Right: TypeAlias = Literal["SELECT", "INSERT", "UPDATE", "DELETE"]

_ALL: tuple[Right, ...] = ("SELECT", "INSERT", "UPDATE", "DELETE")
_PUBLIC = "public"
_EVERYBODY = "public"
"""What Postgres takes for all roles where one is to be named, also in quotes."""


@dataclass(frozen=True)
class TableRights:
    """What a run needs on one table. A table that is not listed is not needed, and nothing is granted on it.

    Attributes:
        ours: It is in our schema; else it is LangGraph's, in the search path.
        name: The table's.
        rights: What is granted. `UPDATE` stands for locking rows as well.
    """

    ours: bool
    name: str
    rights: tuple[Right, ...]


RUNTIME_RIGHTS: tuple[TableRights, ...] = (
    # LangGraph's: checkpoints and writes are upserted, blobs are written once, and pruning deletes from all three.
    TableRights(False, "checkpoint_migrations", ("SELECT",)),
    TableRights(False, "checkpoints", _ALL),
    TableRights(False, "checkpoint_blobs", ("SELECT", "INSERT", "DELETE")),
    TableRights(False, "checkpoint_writes", _ALL),
    # Ours: each new migration that makes a table adds a line here.
    TableRights(True, "migrations", ("SELECT",)),
    TableRights(True, "leases", _ALL),
    TableRights(True, "runs", _ALL),
    TableRights(True, "artifacts", _ALL),
    TableRights(True, "artifact_refs", ("SELECT", "INSERT", "DELETE")),
)


@dataclass(frozen=True)
class PlacedTable:
    """A table that a run needs, and that exists.

    Attributes:
        schema: Where it is.
        name: The table's.
        rights: What a run needs on it.
    """

    schema: str
    name: str
    rights: tuple[Right, ...]

    @property
    def path(self) -> str:
        """Schema and name as SQL reads them."""
        return f"{quoted(self.schema)}.{self.name}"


def grant_statements(
    role: str, *, schema: str | None = None, tables: Sequence[PlacedTable] | None = None, future: bool = False
) -> tuple[str, ...]:
    """The GRANTs that let `role` run, resume, prune and delete: no right to create, alter, drop or truncate.

    Args:
        role: The role that runs; any name that Postgres allows.
        schema: Where all tables are; by default ours are in `quorum` and LangGraph's in `public`.
        tables: Those that exist, as `needed_tables` finds them; by default all that this release knows.
        future: Also on tables that whoever carries this out creates in our schema later. Without it, grant again
            after each migration.

    Raises:
        ConfigurationError: `role` or `schema` cannot be a name.
    """
    if not role or "\x00" in role:
        raise ConfigurationError("role", role, "give the name of a role that exists")
    if role == _EVERYBODY:
        raise ConfigurationError("role", role, "that is every role there is: give the one that runs")
    placed = _as_listed(schema) if tables is None else tables
    to = f"TO {quoted(role)}"
    schemas = dict.fromkeys(table.schema for table in placed)
    statements = [f"GRANT USAGE ON SCHEMA {quoted(name)} {to}" for name in schemas]
    statements += [f"GRANT {', '.join(table.rights)} ON {table.path} {to}" for table in placed]
    if future:
        ours = quoted(schema or "quorum")
        statements.append(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {ours} GRANT {', '.join(_ALL)} ON TABLES {to}")
    return tuple(statements)


def grants(role: str, *, schema: str | None = None, future: bool = False) -> str:
    """The same as one script, each statement on a line of its own.

    Raises:
        ConfigurationError: `role` or `schema` cannot be a name.
    """
    return "".join(f"{statement};\n" for statement in grant_statements(role, schema=schema, future=future))


async def needed_tables(pool: Pool) -> tuple[PlacedTable, ...]:
    """The tables of this database that a run needs, and where each of them is.

    Raises:
        DatabaseError: They cannot be read.
    """
    async with borrowed(pool, "looking for the tables") as connection:
        return await _found(connection, pool)


async def grant(pool: Pool, role: str, *, future: bool = False) -> tuple[str, ...]:
    """Carry the GRANTs out, all or none, and return them. Granting again changes nothing.

    Args:
        pool: A pool of the migrated database, as the owner of the tables.
        role: The role that runs.
        future: Also on tables that are created later; see `grant_statements`.

    Raises:
        ConfigurationError: `role` cannot be a name.
        DatabaseError: There is no such role, there are no tables yet, or the tables belong to somebody else.
    """
    doing = f"granting to {role!r}"
    async with borrowed(pool, doing) as connection:
        tables = await _found(connection, pool)
        if not tables:
            raise DatabaseError(f"{doing}: there are no tables yet: migrate the database first")
        statements = grant_statements(role, schema=pool.schema, tables=tables, future=future)
        with database_errors(doing):
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(statement.encode())
    return statements


async def lacking_rights(pool: Pool) -> dict[str, str]:
    """What a run needs and this role has not: by table, its rights as `GRANT` takes them.

    Raises:
        DatabaseError: It cannot be read.
    """
    pairs = [(path, right) for path, table in table_paths(pool).items() for right in table.rights]
    values = {"paths": [path for path, _ in pairs], "rights": [right for _, right in pairs]}
    async with borrowed(pool, "asking for rights") as connection:
        rows = await (await connection.execute(pool.statements("roles")["lacking"], values)).fetchall()
    return {row["table_name"]: row["missing"] for row in rows}


def table_paths(pool: Pool) -> dict[str, TableRights]:
    """The tables by the names that find them: ours by their schema, LangGraph's along the search path."""
    return {f"{pool.schema}.{table.name}" if table.ours else table.name: table for table in RUNTIME_RIGHTS}


async def _found(connection: Connection, pool: Pool) -> tuple[PlacedTable, ...]:
    paths = table_paths(pool)
    found = await connection.execute(pool.statements("roles")["where"], {"paths": list(paths)})
    schemas = {row["path"]: row["schema"] for row in await found.fetchall()}
    pairs = paths.items()
    return tuple(PlacedTable(schemas[path], table.name, table.rights) for path, table in pairs if path in schemas)


def _as_listed(schema: str | None) -> tuple[PlacedTable, ...]:
    if schema is not None:
        check_schema(schema)
    ours, langgraphs = schema or "quorum", schema or _PUBLIC
    return tuple(PlacedTable(ours if table.ours else langgraphs, table.name, table.rights) for table in RUNTIME_RIGHTS)
