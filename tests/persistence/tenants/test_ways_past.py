"""A role that could pass by the policies is not taken for one that is held to a tenant."""

from __future__ import annotations

import pytest

from langgraph_quorum.orchestration.persistence.tenants import (
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
