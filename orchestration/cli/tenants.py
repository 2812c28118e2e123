"""`quorum db tenants`: what the commands do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict

from psycopg.errors import UndefinedObject

from langgraph_quorum.orchestration.cli.databases import database_as_it_is
from langgraph_quorum.orchestration.cli.exits import APPROVED, FAILED, RefusedError
from langgraph_quorum.orchestration.cli.json_output import print_json
from langgraph_quorum.orchestration.cli.streams import read_or_not
from langgraph_quorum.orchestration.cli.words import counted, printable
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.tenants import (
    TenantsStatus,
    bind_role,
    separate_tenants,
    tenants_status,
)
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError


async def show_tenants(dsn: str | None, schema: str | None, *, as_json: bool) -> int:
    """Print the session's role and tenant and every way past the policies; return 0 when there is none, else 4.

    Raises:
        QuorumError: the DSN or schema makes no sense, or the database cannot be used.
    """
    async with database_as_it_is(dsn, schema=schema) as pool:
        found = await tenants_status(pool)
    with read_or_not():
        if as_json:
            print_json({**asdict(found), "separated": found.separated})
        else:
            sys.stdout.write("".join(f"{_line(line)}\n" for line in _lines(found)))
    return APPROVED if found.separated else FAILED


async def separate_them(dsn: str | None, schema: str | None, existing: str | None, *, as_json: bool) -> int:
    """Separate the tenants, and return the exit code.

    Raises:
        RefusedError: there are rows, and nobody has said whose; or `--existing` is no name. Nothing was changed.
        QuorumError: the DSN or schema makes no sense, or the role does not own the tables.
    """
    async with database_as_it_is(dsn, schema=schema) as pool:
        await _migrated(pool)
        try:
            await separate_tenants(pool, existing=existing)
        except ConfigurationError as error:
            raise RefusedError(f"--existing: {error.mend}") from error
    if as_json:
        print_json({"separated": True, "existing": existing})
    else:
        sys.stdout.write("tenants are separated: every session needs one from now on (QUORUM_TENANT)\n")
    return APPROVED


async def bind_to_tenant(dsn: str | None, schema: str | None, role: str, tenant: str, *, as_json: bool) -> int:
    """Bind the role, and return the exit code.

    Raises:
        RefusedError: the tenant is no name, or the tenants are not separated yet.
        QuorumError: the DSN or schema makes no sense, there is no such role, or a right is missing.
    """
    async with database_as_it_is(dsn, schema=schema) as pool:
        await _migrated(pool)
        if any("is not separated" in gap for gap in (await tenants_status(pool)).gaps):
            raise RefusedError("the tenants are not separated yet: run `quorum db tenants separate` first")
        try:
            await bind_role(pool, role, tenant)
        except ConfigurationError as error:
            raise RefusedError(f"TENANT: {error.mend}") from error
        except DatabaseError as error:
            if isinstance(error.__cause__, UndefinedObject):
                raise RefusedError(f"ROLE: there is no role {role!r}: create it first") from error
            raise
    if as_json:
        print_json({"role": role, "tenant": tenant})
    else:
        sys.stdout.write(f"{printable(role)} sees tenant {printable(tenant)} only\n")
    return APPROVED


async def _migrated(pool: Pool) -> None:
    """Refuse a database without tables."""
    if any(gap.startswith("tables are missing") for gap in (await tenants_status(pool)).gaps):
        raise RefusedError("there are no tables yet: run `quorum db migrate` first")


def _lines(found: TenantsStatus) -> Iterator[str]:
    yield f"role    {found.role}"
    yield f"tenant  {found.tenant or 'none: it sees no rows'}"
    yield from (f"bound   {bound}" for bound in found.bound)
    yield from (f"gap     {gap}" for gap in found.gaps)
    yield "tenants are kept apart" if found.separated else counted(len(found.gaps), "gap")


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
