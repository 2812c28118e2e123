"""`quorum db tenants`: the commands that keep tenants of one database apart."""

from __future__ import annotations

from typing import Annotated

import typer

from langgraph_quorum.orchestration.cli import options

tenants_app = typer.Typer(help="Keep tenants of one database apart.", no_args_is_help=True)

Schema = Annotated[
    str | None,
    typer.Option(
        "--schema",
        metavar="NAME",
        help="Where all tables are, ours and LangGraph's; else QUORUM_SCHEMA; else `quorum` and the search path.",
    ),
]
Existing = Annotated[
    str | None, typer.Option("--existing", metavar="TENANT", help="Whom the rows belong to that are there already.")
]
BoundRole = Annotated[str, typer.Argument(metavar="ROLE", help="The role, which exists.")]
Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="The only tenant that it may see from now on.")]


@tenants_app.callback()
def tenants() -> None:
    """Keep tenants of one database apart."""


@tenants_app.command()
def status(dsn: options.DsnOption = None, schema: Schema = None, json: options.JsonFlag = False) -> int:
    """Look, as the role that runs, for ways past the policies. Exits with 4 when there is one."""
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.tenants import show_tenants  # noqa: PLC0415

    return run_to_end(lambda _: show_tenants(dsn, schema, as_json=json))


@tenants_app.command()
def separate(
    *,
    existing: Existing = None,
    dsn: options.DsnOption = None,
    schema: Schema = None,
    json: options.JsonFlag = False,
) -> int:
    """As the tables' owner, give them a tenant and policies. Every session needs a tenant from then on."""
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.tenants import separate_them  # noqa: PLC0415

    return run_to_end(lambda _: separate_them(dsn, schema, existing, as_json=json))


@tenants_app.command()
def bind(
    role: BoundRole,
    tenant: Tenant,
    *,
    dsn: options.DsnOption = None,
    schema: Schema = None,
    json: options.JsonFlag = False,
) -> int:
    """Hold a role to one tenant, whatever its sessions set, and make that its default.

    Run it as a superuser, or as the tables' owner with the right to ALTER ROLE.
    """
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.tenants import bind_to_tenant  # noqa: PLC0415

    return run_to_end(lambda _: bind_to_tenant(dsn, schema, role, tenant, as_json=json))
