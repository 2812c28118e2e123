"""A look at the database that reports everything a person can act on, and raises for none of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from langgraph_quorum.orchestration.persistence.configuration import CONFIG_VARIABLE, configured
from langgraph_quorum.orchestration.persistence.dsn import Dsn, resolve_dsn
from langgraph_quorum.orchestration.persistence.embedded import (
    LEAST_FREE_BYTES,
    default_folder,
    embedded_postgres,
    free_bytes,
)
from langgraph_quorum.orchestration.persistence.keys_in_use import KeysInUse, given_keys, keys_in_use
from langgraph_quorum.orchestration.persistence.migrations import (
    MigrationStatus,
    broken_indexes,
    migration_status,
)
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed, open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings, Preset
from langgraph_quorum.orchestration.persistence.roles import lacking_rights
from langgraph_quorum.orchestration.persistence.sessions import TO_TRANSACTION, is_pooled
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError, MissingExtraError, QuorumError

_LOW_FREE_BYTES = 10 * LEAST_FREE_BYTES
_TLS_OPTIONS = frozenset({"sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir"})


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        what: What was found.
        mend: What to do about it.
    """

    what: str
    mend: str


@dataclass(frozen=True)
class Diagnosis:
    """What was found; fields that could not be learned are None.

    Attributes:
        dsn: The connection string without its secrets.
        source: Where it came from.
        config: The file that QUORUM_CONFIG names, for what the environment does not say.
        folder: Where the embedded server keeps its data.
        free_bytes: Free space on that folder's disk.
        server_version: As the server names it, such as `18.4`.
        preset: What the pool is set up for, `direct` or `transaction`.
        schema: The schema that the settings name for all tables; None for the usual places.
        behind_pooler: A connection pooler stands between us and the server.
        migrations: How far the database is migrated.
        writable: A row could be written (and was rolled back).
        encryption: Which keys are given, and which ones the database was written with.
        dsn_understood: False when the connection string is none, so that no database was looked for.
        problems: Everything that needs somebody's hand.
    """

    dsn: str
    source: Literal["argument", "QUORUM_DSN", "embedded"]
    config: str | None = None
    folder: Path | None = None
    free_bytes: int | None = None
    server_version: str | None = None
    preset: Preset | None = None
    schema: str | None = None
    behind_pooler: bool | None = None
    migrations: MigrationStatus | None = None
    writable: bool | None = None
    encryption: KeysInUse | None = None
    dsn_understood: bool = True
    problems: tuple[Problem, ...] = field(default=())

    @property
    def healthy(self) -> bool:
        """No problem was found."""
        return not self.problems

    def with_problem(self, what: str, mend: str) -> Diagnosis:
        """The same with one problem more."""
        return replace(self, problems=(*self.problems, Problem(what, mend)))


def migrations_done(status: MigrationStatus) -> str:
    """How many migrations are carried out, in words. LangGraph numbers its own from 0, and says -1 for none."""
    ours, langgraphs = (status.current, status.latest), (status.saver_version + 1, status.saver_latest + 1)
    return f"ours {_of(*ours)}, LangGraph's {_of(*langgraphs)}"


async def diagnose(
    dsn: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    pool: PoolSettings | None = None,
    timeout_s: float = 10,
) -> Diagnosis:
    """Examine the database that a run would use; the embedded server is started for it, and tables are not made.

    Args:
        dsn: An explicit connection string; None looks at QUORUM_DSN, then takes the embedded server.
        environ: By default `os.environ`; what it lacks is looked for in the file that its QUORUM_CONFIG names.
        pool: The settings to look with; by default those that the environment names.
        timeout_s: Seconds to wait for a connection.
    """
    try:
        environ = await asyncio.to_thread(configured, environ)
        found = resolve_dsn(dsn, environ)
    except ConfigurationError as error:
        source: Literal["argument", "QUORUM_DSN"] = "QUORUM_DSN" if dsn is None else "argument"
        unread = Diagnosis("(unreadable)", source, dsn_understood=False)
        wrong = f"{error.field} cannot be used" if error.field == CONFIG_VARIABLE else f"{error.field} is not a DSN"
        return unread.with_problem(wrong, error.mend)
    config = environ.get(CONFIG_VARIABLE, "").strip() or None
    diagnosis = Diagnosis(found.shown, found.source, config=config, encryption=given_keys(environ))
    try:
        settings = replace(PoolSettings.from_environ(environ) if pool is None else pool, max_size=2, min_size=1)
        settings = replace(settings, timeout_s=timeout_s)
        diagnosis = replace(diagnosis, preset=settings.preset, schema=settings.schema)
        if found.text is None:
            diagnosis = _examine_folder(diagnosis, default_folder(environ))
        async with _running(found, diagnosis.folder) as text, open_pool(text, settings) as opened:
            diagnosis = await _examine_server(opened, diagnosis)
            diagnosis = await _examine_tables(opened, diagnosis)
            if diagnosis.writable:
                diagnosis = replace(diagnosis, encryption=await keys_in_use(opened, environ))
    except (ConfigurationError, DatabaseError, MissingExtraError) as error:
        diagnosis = _noted(diagnosis, error)
    for what, mend in diagnosis.encryption.faults if diagnosis.encryption else ():
        diagnosis = diagnosis.with_problem(what, mend)
    return diagnosis


def _of(done: int, known: int) -> str:
    return f"{done} of {known}" if done <= known else f"{done} where this release knows {known}"


@asynccontextmanager
async def _running(dsn: Dsn, folder: Path | None) -> AsyncIterator[str]:
    if dsn.text is not None:
        yield dsn.text
        return
    async with embedded_postgres(folder) as text:
        yield text


def _examine_folder(diagnosis: Diagnosis, folder: Path) -> Diagnosis:
    free = free_bytes(folder)
    diagnosis = replace(diagnosis, folder=folder, free_bytes=free)
    if LEAST_FREE_BYTES <= free < _LOW_FREE_BYTES:
        what = f"only {free // 1_000_000} MB are free on the disk of {folder}"
        return diagnosis.with_problem(what, "make room before long runs, or set QUORUM_DATA to another disk")
    return diagnosis


async def _examine_server(pool: Pool, diagnosis: Diagnosis) -> Diagnosis:
    async with borrowed(pool, "asking for the version") as connection:
        row = await (await connection.execute(pool.statements("health")["server"])).fetchone() or {}
        behind_pooler, idle = is_pooled(connection, row["backend_pid"]), _idle_tls_options(connection)
    diagnosis = replace(diagnosis, server_version=row["version"], behind_pooler=behind_pooler)
    if behind_pooler and diagnosis.preset == "direct":
        what = "a connection pooler stands in between, and the pool is set up for a direct connection"
        diagnosis = diagnosis.with_problem(what, TO_TRANSACTION)
    if idle:
        what = f"the connection is not encrypted, although the DSN has {' and '.join(idle)}"
        diagnosis = diagnosis.with_problem(what, "set sslmode=verify-full in the DSN, and switch ssl on in the server")
    if row["standby"]:
        return diagnosis.with_problem("the server is a standby and takes no writes", "name the primary in the DSN")
    if row["read_only"]:
        mend = f"set default_transaction_read_only to off for the database and the role {row['role']}"
        return diagnosis.with_problem("the server is set to read-only", mend)
    return diagnosis


def _idle_tls_options(connection: Connection) -> list[str]:
    """Options for TLS that do nothing, for without sslmode libpq goes on in clear where the server has no TLS."""
    if connection.pgconn.ssl_in_use or connection.info.host.startswith("/"):
        return []
    return sorted(_TLS_OPTIONS & connection.info.get_parameters().keys())


async def _examine_tables(pool: Pool, diagnosis: Diagnosis) -> Diagnosis:
    migrations = await migration_status(pool)
    diagnosis = replace(diagnosis, migrations=migrations)
    if migrations.current > migrations.latest:
        what = f"the database is at migration {migrations.current}, this release knows {migrations.latest}"
        diagnosis = diagnosis.with_problem(what, "upgrade langgraph-quorum")
    if migrations.untouched and await _may_create(pool):
        return diagnosis  # the first run makes the tables: an empty database is not a sick one
    if not migrations.up_to_date:
        what = f"the tables are not up to date: {migrations_done(migrations)}"
        return diagnosis.with_problem(what, "run `quorum db migrate` as a role that may create tables")
    async with borrowed(pool, "looking at the indexes") as connection:
        broken = await broken_indexes(connection, pool) if migrations.up_to_date else []
    for index in broken:
        mend = f"as the owner of the tables: REINDEX INDEX CONCURRENTLY {index}"
        diagnosis = diagnosis.with_problem(f"the index {index} was not built to its end", mend)
    lacking = await lacking_rights(pool)
    for table, rights in lacking.items():
        mend = f"let the owner GRANT {rights} ON {table}, or run `quorum db grant` for this role"
        diagnosis = diagnosis.with_problem(f"the role may not {rights} on {table}", mend)
    return diagnosis if lacking else await _probe(pool, diagnosis)


async def _may_create(pool: Pool) -> bool:
    async with borrowed(pool, "asking for rights") as connection:
        values = {"one_schema": pool.settings.schema is not None}
        row = await (await connection.execute(pool.statements("health")["may_create"], values)).fetchone()
    return row is not None and bool(row["allowed"])


async def _probe(pool: Pool, diagnosis: Diagnosis) -> Diagnosis:
    try:
        async with borrowed(pool, "writing") as connection, connection.transaction(force_rollback=True):
            await connection.execute(pool.statements("health")["probe"])
    except DatabaseError as error:
        return replace(diagnosis if diagnosis.problems else _noted(diagnosis, error), writable=False)
    return replace(diagnosis, writable=True)


def _noted(diagnosis: Diagnosis, error: QuorumError) -> Diagnosis:
    """The error as a problem; its message reads `what: mend`."""
    what, _, mend = str(error).rpartition(": ")
    return diagnosis.with_problem(what or str(error), mend if what else "")
