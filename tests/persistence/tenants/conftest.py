"""A database as it is before its tenants are separated, after that, and with one tenant's run in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from psycopg.conninfo import conninfo_to_dict

from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.tenants import separate_tenants
from tests.conftest import NewDatabase
from tests.persistence.tenants.sites import Site, as_tenant, run_graph


@pytest.fixture
def site(migrated_database: str) -> Iterator[Site]:
    with Site(migrated_database) as site:
        yield site


@pytest.fixture
def separated(new_database: NewDatabase, separated_template: str) -> Iterator[Site]:
    with new_database(separated_template) as database, Site(database) as site:
        yield site


@pytest.fixture(scope="session")
def separated_template(new_database: NewDatabase, migrated: str) -> Iterator[str]:
    """The name of a database whose tenants are separated, to copy."""

    async def separate(database: str) -> None:
        async with open_pool(database) as pool:
            await separate_tenants(pool)

    with new_database(migrated) as database:
        asyncio.run(separate(database))
        yield str(conninfo_to_dict(database)["dbname"])


@pytest.fixture
async def inhabited(separated: Site) -> tuple[Site, str]:
    """Tenant b has run thread `of-b`; the role is one that both tenants use."""
    role = separated.role()
    async with as_tenant(separated, role, "b") as pool, hold_lease(pool, "of-b"):
        await run_graph(pool, "of-b", "secret")
    separated.run(
        "INSERT INTO quorum.runs (thread_id, workflow, status, task, tenant) VALUES ('of-b', 'w', 'failed', 't', 'b')"
    )
    return separated, role
