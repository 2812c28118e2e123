"""The database of a command, opened with a word about which one it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.orchestration.cli.progress.choice import Progress
from langgraph_quorum.orchestration.database import connect_database, open_database
from langgraph_quorum.orchestration.persistence.configuration import configured
from langgraph_quorum.orchestration.persistence.dsn import Dsn, resolve_dsn
from langgraph_quorum.orchestration.persistence.migrations import migration_status
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.tenants import check_tenant
from langgraph_quorum.state.errors import ConfigurationError


def checked_dsn(dsn: str | None) -> Dsn:
    """Which database is meant; nothing is connected to.

    Raises:
        RefusedError: `--dsn` cannot be understood; its text is not repeated, for it may hold a password.
        ConfigurationError: QUORUM_DSN cannot be understood, or the file that QUORUM_CONFIG names.
    """
    environ = configured()
    try:
        return resolve_dsn(dsn, environ)
    except ConfigurationError as error:
        if dsn is None:
            raise
        raise RefusedError(f"--dsn cannot be understood: {error.mend}") from None


def checked_pool(schema: str | None) -> PoolSettings:
    """The settings that the environment names, with the schema of `--schema` when one is given.

    Raises:
        RefusedError: `--schema` is not a plain name.
        ConfigurationError: a variable makes no sense.
    """
    settings = PoolSettings.from_environ(configured())
    try:
        return settings if schema is None else replace(settings, schema=schema)
    except ConfigurationError as error:
        raise RefusedError(f"--schema {schema}: {error.mend}") from None


@asynccontextmanager
async def database(dsn: str | None, progress: Progress, *, schema: str | None = None) -> AsyncIterator[Pool]:
    """A pool on the migrated database of `dsn`, of QUORUM_DSN, or of the embedded server.

    Raises:
        RefusedError: `--dsn` or `--schema` cannot be understood.
        ConfigurationError: a variable of the environment cannot be understood.
        DatabaseError: the server cannot be reached, started or migrated.
        MissingExtraError: no DSN is given and the extra `embedded` is not installed.
    """
    progress.stage(f"opening the database ({checked_dsn(dsn).shown})")
    async with open_database(dsn, pool=checked_pool(schema)) as pool:
        yield pool


@asynccontextmanager
async def database_to_read(dsn: str | None, *, schema: str | None = None) -> AsyncIterator[Pool]:
    """The same for a command that starts no run: it makes no tables, and is nothing without any.

    Raises:
        RefusedError: `--dsn` or `--schema` cannot be understood, or there are no tables.
        ConfigurationError: a variable of the environment cannot be understood, or names another tenant than the role's.
        DatabaseError: the server cannot be reached or started, or would not keep this tenant from others.
        MissingExtraError: no DSN is given and the extra `embedded` is not installed.
    """
    async with database_as_it_is(dsn, schema=schema) as pool:
        if not (await migration_status(pool)).current:
            where = "" if pool.settings.schema is None else f" in the schema {pool.settings.schema!r}"
            raise RefusedError(
                f"there are no tables yet{where}: run something (quorum run analyse PATH...), or check"
                f" {'--dsn' if dsn is not None else 'QUORUM_DSN'} and QUORUM_SCHEMA"
            )
        if pool.settings.tenant is not None:
            await check_tenant(pool, pool.settings.tenant)
        yield pool


@asynccontextmanager
async def database_as_it_is(dsn: str | None, *, schema: str | None = None) -> AsyncIterator[Pool]:
    """A pool on the same database, not migrated."""
    checked_dsn(dsn)
    async with connect_database(dsn, pool=checked_pool(schema)) as pool:
        yield pool
