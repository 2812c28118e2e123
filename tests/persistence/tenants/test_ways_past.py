"""A role that could pass by the policies is not taken for one that is held to a tenant."""

from __future__ import annotations

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.tenants import (
    bind_role,
    check_tenant,
    tenants_status,
)
from langgraph_quorum.state.errors import DatabaseError
from tests.persistence.tenants.sites import Site, as_tenant, rows


@pytest.mark.parametrize("attributes", ["SUPERUSER", "BYPASSRLS"])
async def test_a_role_above_the_policies_is_refused(separated: Site, attributes: str) -> None:
    async with as_tenant(separated, separated.role(attributes), "a") as pool:
        with pytest.raises(DatabaseError, match=r"above the policies.*neither superuser nor BYPASSRLS"):
            await check_tenant(pool, "a")


async def test_a_role_that_may_become_one_above_the_policies_is_refused(separated: Site) -> None:
    above, role = separated.role("BYPASSRLS"), separated.role()
    separated.run(f"GRANT {above} TO {role} WITH INHERIT FALSE")
    async with as_tenant(separated, role, "a") as pool:
        with pytest.raises(DatabaseError, match=f"may become {above}"):
            await check_tenant(pool, "a")


async def test_the_owner_of_the_tables_is_held_too_but_refused_for_it_could_drop_the_policies(
    inhabited: tuple[Site, str],
) -> None:
    site, _ = inhabited
    owner = site.role()
    site.run(f"ALTER TABLE checkpoints OWNER TO {owner}")
    assert rows(site.seen_by(owner, "a"), "checkpoints") == 0
    async with as_tenant(site, owner, "a") as pool:
        with pytest.raises(DatabaseError, match="owns checkpoints, and may take the policies away"):
            await check_tenant(pool, "a")


@pytest.mark.parametrize(
    ("gap", "told"),
    [
        ("GRANT TRUNCATE ON checkpoints TO {role}", "may TRUNCATE checkpoints, which policies do not limit"),
        ("GRANT TRIGGER ON quorum.runs TO {role}", "may TRIGGER quorum.runs"),
        ("CREATE POLICY all_in ON checkpoints USING (true)", "has the policy all_in"),
        ("ALTER POLICY quorum_tenant ON checkpoints USING (true)", "checkpoints is not separated"),
        ("ALTER TABLE checkpoints NO FORCE ROW LEVEL SECURITY", "checkpoints is not separated"),
        (
            "CREATE VIEW every AS SELECT * FROM checkpoints; GRANT SELECT ON every TO {role}",
            "the view every shows checkpoints past the policies",
        ),
        (
            "CREATE TABLE part () INHERITS (checkpoints); GRANT SELECT ON part TO {role}",
            "part is a part of checkpoints",
        ),
    ],
)
async def test_a_way_past_the_policies_is_found(separated: Site, gap: str, told: str) -> None:
    role = separated.role()
    async with as_tenant(separated, role, "a") as pool:
        assert (await tenants_status(pool)).separated
        separated.run(gap.format(role=role))
        with pytest.raises(DatabaseError, match=told):
            await check_tenant(pool, "a")


async def test_a_view_that_asks_as_its_reader_is_no_gap(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    site.run(
        "CREATE VIEW every WITH (security_invoker = true) AS SELECT * FROM checkpoints",
        f"GRANT SELECT ON every TO {role}",
    )
    async with as_tenant(site, role, "a") as pool:
        assert (await tenants_status(pool)).gaps == ()
    assert rows(site.seen_by(role, "a"), "every") == 0


@pytest.fixture
async def bound(inhabited: tuple[Site, str]) -> tuple[Site, str]:
    """A role that is bound to tenant a, where tenant b has a run."""
    site, _ = inhabited
    role = site.role()
    async with open_pool(site.owner) as pool:
        await bind_role(pool, role, "a")
    return site, role


def seen_of_b(site: Site, role: str, *, by: str, past: str = "") -> int:
    with psycopg.connect(site.seen_by(role, "b"), autocommit=True) as connection:
        if past:
            connection.execute(past.encode())
        (count,) = connection.execute(f"SELECT count(*) FROM {by}".encode()).fetchone() or (0,)
    return int(count)


@pytest.mark.parametrize("how", ["", "WITH INHERIT FALSE"])
async def test_a_bound_role_that_may_become_one_that_is_not_is_refused_until_that_is_bound_too(
    bound: tuple[Site, str], how: str
) -> None:
    site, role = bound
    group = site.role()
    site.run(f"GRANT {group} TO {role} {how}")
    assert seen_of_b(site, role, by="checkpoints") == 0
    assert seen_of_b(site, role, by="checkpoints", past=f"SET ROLE {group}") > 0
    async with as_tenant(site, role, "a") as pool:
        with pytest.raises(DatabaseError, match=f"may become {group}, which is not: bind {group}, too"):
            await check_tenant(pool, "a")
        async with open_pool(site.owner) as owners:
            await bind_role(owners, group, "a")
        await check_tenant(pool, "a")
    assert seen_of_b(site, role, by="checkpoints", past=f"SET ROLE {group}") == 0


async def test_a_bound_role_that_may_become_one_without_rights_is_no_gap(bound: tuple[Site, str]) -> None:
    site, role = bound
    badge = site.role()
    site.run(f"DROP OWNED BY {badge}", f"GRANT {badge} TO {role}")
    async with as_tenant(site, role, "a") as pool:
        await check_tenant(pool, "a")


async def test_a_view_of_somebody_who_is_not_bound_is_a_gap_for_who_is(bound: tuple[Site, str]) -> None:
    site, role = bound
    author, free = site.role(), site.role()
    site.run("CREATE VIEW every AS SELECT * FROM checkpoints", f"ALTER VIEW every OWNER TO {author}")
    site.run(f"GRANT SELECT ON every TO {role}, {free}")
    assert seen_of_b(site, role, by="checkpoints") == 0
    assert seen_of_b(site, role, by="every") > 0
    async with as_tenant(site, role, "a") as pool:
        with pytest.raises(DatabaseError, match="the view every shows checkpoints past the policies"):
            await check_tenant(pool, "a")
    async with as_tenant(site, free, "a") as pool:
        await check_tenant(pool, "a")  # whoever is not bound sees what the setting says, with the view or without


async def test_nobody_can_ask_whose_a_thread_is_with_a_table_of_their_own(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    with psycopg.connect(site.seen_by(role, "a"), autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE mine (thread_id text, tenant text)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="claim_thread"):
            connection.execute(
                "CREATE TRIGGER ask BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION quorum.claim_thread()"
            )
