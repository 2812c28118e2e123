"""The tenant of a session, and of a role that is bound to one whatever its sessions set."""

from __future__ import annotations

import psycopg
import pytest

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.tenants import (
    bind_role,
    check_tenant,
    tenants_status,
)
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError
from tests.persistence.tenants.sites import Site, as_tenant, run_graph


async def test_a_session_of_another_tenant_or_of_none_is_told_so(separated: Site) -> None:
    role = separated.role()
    for tenant in ("b", None):
        async with as_tenant(separated, role, tenant) as pool:
            assert (await tenants_status(pool)).tenant == tenant
            with pytest.raises(ConfigurationError, match="the session's is"):
                await check_tenant(pool, "a")


async def test_a_bound_role_has_its_tenant_without_a_setting_and_gets_no_other_with_one(
    inhabited: tuple[Site, str],
) -> None:
    site, _ = inhabited
    role = site.role()
    async with open_pool(site.owner) as pool:
        await bind_role(pool, role, "a")
        await bind_role(pool, role, "b")  # bound anew
    async with as_tenant(site, role, None) as pool:
        await check_tenant(pool, "b")
        await run_graph(pool, "of-b", "again")
    async with as_tenant(site, role, "c") as pool:
        with pytest.raises((psycopg.Error, DatabaseError), match=r"row-level security|lacks a right"):
            await run_graph(pool, "new", "hello")
    with psycopg.connect(site.seen_by(role, None), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM checkpoints").fetchone() == (True,)
    site.run(
        "INSERT INTO checkpoint_blobs (thread_id, channel, version, type, tenant) VALUES ('t', 'c', '1', 'x', 'c')"
    )
    with psycopg.connect(site.seen_by(role, None), autocommit=True) as connection:
        connection.execute("SET quorum.tenant = 'c'")
        assert connection.execute("SELECT count(*) FROM checkpoint_blobs").fetchone() == (0,)


async def test_a_bound_role_that_names_another_tenant_is_refused_and_not_shown_an_empty_database(
    inhabited: tuple[Site, str],
) -> None:
    site, _ = inhabited
    role, member = site.role(), site.role()
    site.run(f"GRANT {role} TO {member}")
    async with open_pool(site.owner) as pool:
        await bind_role(pool, role, "b")
    for name in (role, member):
        with pytest.raises(ConfigurationError, match=r"is bound to the tenant 'b', and would see nothing"):
            async with open_database(site.seen_by(name, None), pool=PoolSettings(tenant="a")):
                pass
        async with open_database(site.seen_by(name, None), pool=PoolSettings(tenant="b")) as pool:
            assert (await tenants_status(pool)).bound == ("b",)


@pytest.mark.parametrize("tenant", ["it's", "back\\slash 'n' more", "'", "(tenant = 'x'::text)"])
async def test_what_a_role_is_bound_to_is_read_whatever_stands_in_it(separated: Site, tenant: str) -> None:
    role = separated.role()
    async with open_pool(separated.owner) as pool:
        await bind_role(pool, role, tenant)
        assert (await tenants_status(pool)).bound == ()  # its owner is above the policies
    async with as_tenant(separated, role, None) as pool:
        assert (await tenants_status(pool)).bound == (tenant,)
        await check_tenant(pool, tenant)


async def test_a_role_that_does_not_exist_cannot_be_bound(separated: Site) -> None:
    async with open_pool(separated.owner) as pool:
        with pytest.raises(DatabaseError, match="role 'nobody' does not exist"):
            await bind_role(pool, "nobody", "a")
