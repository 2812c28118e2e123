"""`quorum db`: the commands for whoever looks after the database. What they do is imported when one is called."""

from __future__ import annotations

from typing import Annotated

import typer

from langgraph_quorum.orchestration.cli import options
from langgraph_quorum.orchestration.cli.tenant_commands import Schema, tenants_app

db_app = typer.Typer(help="Look after the database: tables, rights, what is in it.", no_args_is_help=True)

db_app.add_typer(tenants_app, name="tenants")

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the SQL that would be executed, and change nothing.")]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="The role that runs, not the one that owns the tables.")]
Future = Annotated[bool, typer.Option("--future", help="Also on tables that this user creates in our schema later.")]
Apply = Annotated[bool, typer.Option("--apply", help="Carry the statements out, all or none.")]
KeyName = Annotated[str, typer.Argument(metavar="NAME", help="What the key is called, stored beside every value.")]
PlainAllowed = Annotated[
    bool,
    typer.Option(
        "--plain-allowed",
        help="Encrypt what is not encrypted yet, too: once, while nothing runs. Large texts (artifacts) stay plain.",
    ),
]


@db_app.callback()
def db() -> None:
    """Look after the database: tables, rights, what is in it."""


@db_app.command()
def migrate(
    dry_run: DryRun = False,
    dsn: options.DsnOption = None,
    schema: Schema = None,
    json: options.JsonFlag = False,
) -> int:
    """Create or update the tables, LangGraph's and ours."""
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.migrating import migrate_database  # noqa: PLC0415

    return run_to_end(lambda _: migrate_database(dsn, schema, dry_run=dry_run, as_json=json))


@db_app.command()
def status(dsn: options.DsnOption = None, schema: Schema = None, json: options.JsonFlag = False) -> int:
    """Show the server, the migrations, how large the tables are, the runs by status and the live leases."""
    from langgraph_quorum.orchestration.cli.database_status import show_status  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415

    return run_to_end(lambda _: show_status(dsn, schema, as_json=json))


@db_app.command()
def grant(
    role: Role,
    *,
    apply: Apply = False,
    future: Future = False,
    dsn: options.DsnOption = None,
    schema: Schema = None,
    json: options.JsonFlag = False,
) -> int:
    """Print the GRANTs that let a role run, and nothing more; with --apply carry them out."""
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.migrating import grant_rights  # noqa: PLC0415

    return run_to_end(lambda _: grant_rights(dsn, schema, role, future=future, apply=apply, as_json=json))


@db_app.command(name="new-key")
def new_key(name: KeyName) -> int:
    """Print a new key, as QUORUM_ENCRYPTION_KEYS holds it. Keep it as you keep a password."""
    from langgraph_quorum.orchestration.cli.resealing import print_new_key  # noqa: PLC0415

    return print_new_key(name)


@db_app.command()
def reseal(
    *,
    plain_allowed: PlainAllowed = False,
    dsn: options.DsnOption = None,
    schema: Schema = None,
    json: options.JsonFlag = False,
) -> int:
    """Encrypt anew, with the first key of QUORUM_ENCRYPTION_KEYS, what is stored under the others."""
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.resealing import reseal_database  # noqa: PLC0415

    return run_to_end(lambda _: reseal_database(dsn, schema, plain_allowed=plain_allowed, as_json=json))
