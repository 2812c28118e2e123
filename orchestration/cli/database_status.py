"""`quorum db status`: how the database stands, in figures."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict

from langgraph_quorum.orchestration.cli.databases import checked_dsn, database_as_it_is
from langgraph_quorum.orchestration.cli.exits import APPROVED
from langgraph_quorum.orchestration.cli.json_output import print_json
from langgraph_quorum.orchestration.cli.words import printable
from langgraph_quorum.orchestration.persistence.contents import DatabaseContents, read_contents
from langgraph_quorum.orchestration.persistence.health import migrations_done
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings

_KB = 1000
_UNITS = ("kB", "MB", "GB", "TB")


async def show_status(dsn: str | None, schema: str | None, *, as_json: bool) -> int:
    """Print server, migrations, tables, runs, leases and the pool's preset, and return the exit code.

    Raises:
        QuorumError: the DSN or schema makes no sense, or the database cannot be used.
    """
    shown = checked_dsn(dsn).shown
    async with database_as_it_is(dsn, schema=schema) as pool:
        contents, settings = await read_contents(pool), pool.settings
    if as_json:
        where = {"dsn": shown, "preset": settings.preset, "max_size": settings.max_size, "schema": settings.schema}
        print_json({**where, **asdict(contents), "up_to_date": contents.migrations.up_to_date})
        return APPROVED
    lines = list(_lines(shown, contents, settings))
    width = max(len(name) for name, _ in lines)
    sys.stdout.write("".join(f"{printable(name):{width}}  {printable(value)}\n" for name, value in lines))
    return APPROVED


def _lines(shown: str, contents: DatabaseContents, settings: PoolSettings) -> Iterator[tuple[str, str]]:
    yield "database", shown
    yield "server", f"PostgreSQL {contents.server_version}"
    yield "pool", f"{settings.preset}, at most {settings.max_size} connections"
    current = "current" if contents.migrations.up_to_date else "not current: run `quorum db migrate`"
    yield "migrations", f"{current} ({migrations_done(contents.migrations)})"
    for table in contents.tables:
        rows = "" if table.rows_estimate is None else f", about {table.rows_estimate} rows"
        yield table.name, f"{_size(table.size_bytes)}{rows}"
    yield "runs", ", ".join(f"{count} {status}" for status, count in contents.runs.items()) or "none"
    yield "live leases", str(contents.live_leases)


def _size(size_bytes: int) -> str:
    value = size_bytes / _KB
    for unit in _UNITS[:-1]:
        if value < _KB:
            return f"{value:.0f} {unit}"
        value /= _KB
    return f"{value:.0f} {_UNITS[-1]}"
