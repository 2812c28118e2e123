"""Tables are given a tenant once, where they are, with the rows in them; a session needs one from then on."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.tenants import (
    bind_role,
    check_tenant,
    separate_tenants,
)
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError
from tests.persistence.tenants.sites import RIGHTS, Site, as_tenant, rows, run_graph


async def test_rows_that_are_there_need_an_owner_before_anything_is_changed(site: Site) -> None:
    async with open_pool(site.owner) as pool:
        await run_graph(pool, "old", "hello")
        with pytest.raises(ConfigurationError, match="holds rows already: name the tenant"):
            await separate_tenants(pool)
        await run_graph(pool, "old too", "hello")
        await separate_tenants(pool, existing="a")
    role = site.role()
    assert (rows(site.seen_by(role, "a"), "checkpoints"), rows(site.seen_by(role, "b"), "checkpoints")) == (6, 0)
    async with as_tenant(site, role, "b") as pool:
        with pytest.raises((psycopg.DataError, DatabaseError), match="'old' belongs to another tenant"):
            await run_graph(pool, "old", "mine")


async def test_separating_twice_changes_nothing_and_a_new_table_is_taken_in(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    async with open_pool(site.owner) as pool:
        await separate_tenants(pool)
        site.run(
            "CREATE TABLE quorum.artifact_samples (thread_id text PRIMARY KEY)",
            f"GRANT {RIGHTS} ON quorum.artifact_samples TO {role}",
        )
        async with as_tenant(site, role, "b") as tenants:
            with pytest.raises(
                DatabaseError, match="artifact_samples is not separated by tenant: run `quorum db tenants separate`"
            ):
                await check_tenant(tenants, "b")
            await separate_tenants(pool)
            await check_tenant(tenants, "b")
    assert rows(site.seen_by(role, "b"), "checkpoints") > 0


async def test_several_that_separate_at_once_all_succeed(site: Site) -> None:
    async with open_pool(site.owner, max_size=4) as pool:
        await asyncio.gather(*(separate_tenants(pool) for _ in range(4)))
    async with as_tenant(site, site.role(), "a") as pool:
        await check_tenant(pool, "a")


async def test_tables_in_a_schema_of_their_own_are_separated_where_they_are(site: Site) -> None:
    role = site.role()
    async with open_pool(site.owner, schema="apart") as pool:
        await migrate(pool)
        await separate_tenants(pool)
        await bind_role(pool, role, "a")
    site.run(f"GRANT USAGE ON SCHEMA apart TO {role}", f"GRANT {RIGHTS} ON ALL TABLES IN SCHEMA apart TO {role}")
    async with open_pool(site.seen_by(role, None), PoolSettings(schema="apart", tenant="a")) as pool:
        await check_tenant(pool, "a")
        async with hold_lease(pool, "of-a") as lease:
            await run_graph(pool, "of-a", "hello", lease.token)
    assert rows(site.owner, "apart.tenant_threads") == 1
    async with as_tenant(site, role, "a") as pool:
        with pytest.raises(DatabaseError, match="is not separated"):  # those in the schemas by default
            await check_tenant(pool, "a")


async def test_a_database_that_is_not_separated_is_not_opened_for_a_tenant(site: Site) -> None:
    async with as_tenant(site, site.role(), "a") as pool:
        with pytest.raises(DatabaseError, match="checkpoint_blobs is not separated by tenant"):
            await check_tenant(pool, "a")


@pytest.mark.parametrize("name", ["", "a\x00b"])
async def test_what_is_no_name_is_refused(separated: Site, name: str) -> None:
    async with open_pool(separated.owner) as pool:
        with pytest.raises(ConfigurationError, match="give the tenant's name"):
            await separate_tenants(pool, existing=name)
        with pytest.raises(ConfigurationError, match="give the tenant's name"):
            await check_tenant(pool, name)
