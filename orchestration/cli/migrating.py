"""`quorum db migrate` and `quorum db grant`: the tables, and who may use them."""

from __future__ import annotations

import sys
from dataclasses import asdict

from langgraph_quorum.orchestration.cli.databases import database_as_it_is
from langgraph_quorum.orchestration.cli.exits import APPROVED, RefusedError
from langgraph_quorum.orchestration.cli.json_output import print_json
from langgraph_quorum.orchestration.cli.words import counted
from langgraph_quorum.orchestration.persistence.health import migrations_done
from langgraph_quorum.orchestration.persistence.migration_plan import plan_migration
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.roles import grant, grant_statements, needed_tables
from langgraph_quorum.state.errors import ConfigurationError


async def migrate_database(dsn: str | None, schema: str | None, *, dry_run: bool, as_json: bool) -> int:
    """Create or update the tables, or with `dry_run` print what would be executed, and return the exit code.

    Raises:
        QuorumError: the DSN or schema makes no sense, or the database cannot be used.
    """
    async with database_as_it_is(dsn, schema=schema) as pool:
        plan = await plan_migration(pool)
        after = plan.status if dry_run else await migrate(pool)
    if as_json:
        found = {"dry_run": dry_run, "up_to_date": after.up_to_date, "migrations": asdict(after)}
        print_json({**found, "steps": [asdict(step) for step in plan.steps]})
    elif dry_run and plan.steps:
        sys.stdout.write(plan.script)
    else:
        done = "nothing to do" if not plan.steps else f"{counted(len(plan.steps), 'step')} carried out"
        sys.stdout.write(f"{'-- ' if dry_run else ''}{done}: {migrations_done(after)}\n")
    return APPROVED


async def grant_rights(
    dsn: str | None, schema: str | None, role: str, *, future: bool, apply: bool, as_json: bool
) -> int:
    """Print the GRANTs that a role needs to run, with `apply` carry them out, and return the exit code.

    Raises:
        QuorumError: the role, DSN or schema makes no sense, or the database cannot be used.
    """
    if not role or not role.isprintable():
        raise RefusedError("ROLE: give the name of a role that exists")
    try:
        grant_statements(role)
    except ConfigurationError as error:
        raise RefusedError(f"ROLE {role}: {error.mend}") from error
    async with database_as_it_is(dsn, schema=schema) as pool:
        if apply:
            statements = await grant(pool, role, future=future)
        else:
            tables = await needed_tables(pool)
            if not tables:
                raise RefusedError("there are no tables yet to grant rights on: run `quorum db migrate` first")
            statements = grant_statements(role, schema=pool.schema, tables=tables, future=future)
    if as_json:
        print_json({"role": role, "applied": apply, "statements": list(statements)})
    else:
        sys.stdout.write("".join(f"{statement};\n" for statement in statements))
    return APPROVED
