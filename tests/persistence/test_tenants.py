"""Tenants of one database neither see nor touch each other's rows: through the saver, the register, or plain SQL."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.graph import START, StateGraph
from psycopg.conninfo import make_conninfo
from typing_extensions import TypedDict

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.tenants import (
    bind_role,
    check_tenant,
    separate_tenants,
    tenants_status,
)
from langgraph_quorum.state.errors import ArtifactError, ConfigurationError, DatabaseError

TABLES = ["checkpoints", "checkpoint_blobs", "checkpoint_writes", "quorum.leases", "quorum.runs"]
RIGHTS = "SELECT, INSERT, UPDATE, DELETE"


@dataclass
class Site:
    """A migrated database, its owner's connection string, and roles made for the test."""

    owner: str
    roles: list[str] = field(default_factory=list)

    def run(self, *commands: str) -> None:
        with psycopg.connect(self.owner, autocommit=True) as owner:
            for command in commands:
                owner.execute(command.encode())

    def role(self, attributes: str = "") -> str:
        """A login role with the rights that a run needs."""
        name = f"role_{uuid.uuid4().hex}"
        self.roles.append(name)
        self.run(f"CREATE ROLE {name} LOGIN {attributes}", f"GRANT USAGE ON SCHEMA quorum TO {name}")
        self.run(*(f"GRANT {RIGHTS} ON ALL TABLES IN SCHEMA {schema} TO {name}" for schema in ("public", "quorum")))
        return name

    def seen_by(self, role: str, tenant: str | None) -> str:
        settings = {} if tenant is None else {"options": f"-c quorum.tenant={tenant}"}
        return make_conninfo(self.owner, user=role, **settings)


class State(TypedDict, total=False):
    """What the graph under test keeps: one value inline, one in a blob."""

    said: str
    heard: list[str]


def thread(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}}


async def run_graph(pool: Pool, thread_id: str, word: str, token: int | None = None) -> None:
    builder = StateGraph(State)
    builder.add_node("hear", lambda state: {"heard": [state["said"]]})
    builder.add_edge(START, "hear")
    await builder.compile(checkpointer=make_saver(pool)).ainvoke({"said": word}, fenced_config(thread_id, token))


@asynccontextmanager
async def as_tenant(site: Site, role: str, tenant: str | None) -> AsyncIterator[Pool]:
    settings = PoolSettings(tenant=tenant, max_size=2)
    async with open_pool(site.seen_by(role, None), settings) as pool:
        yield pool


@pytest.fixture
async def site(database: str) -> AsyncIterator[Site]:
    async with open_pool(database) as pool:
        await migrate(pool)
    site = Site(database)
    yield site
    for role in site.roles:
        site.run(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


@pytest.fixture
async def separated(site: Site) -> Site:
    async with open_pool(site.owner) as pool:
        await separate_tenants(pool)
    return site


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


def rows(dsn: str, table: str) -> int:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert found is not None
    return int(found[0])


async def test_a_run_reads_back_what_it_stored_as_its_tenant(separated: Site) -> None:
    async with as_tenant(separated, separated.role(), "a") as pool:
        await check_tenant(pool, "a")
        async with hold_lease(pool, "of-a") as lease:
            await run_graph(pool, "of-a", "hello", lease.token)
        stored = await make_saver(pool).aget_tuple(thread("of-a"))
    assert stored is not None
    assert stored.checkpoint["channel_values"] == {"said": "hello", "heard": ["hello"]}


async def test_another_tenant_finds_nothing_through_the_saver(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    async with as_tenant(site, role, "a") as pool:
        saver = make_saver(pool)
        assert await saver.aget_tuple(thread("of-b")) is None
        assert [found async for found in saver.alist(None)] == []
        await saver.adelete_thread("of-b")
        await saver.aprune(["of-b"])
    async with as_tenant(site, role, "b") as pool:
        assert await make_saver(pool).aget_tuple(thread("of-b")) is not None


@pytest.mark.parametrize("table", TABLES)
async def test_another_tenant_can_neither_count_change_nor_delete_in_sql(
    inhabited: tuple[Site, str], table: str
) -> None:
    site, role = inhabited
    mine, theirs = site.seen_by(role, "a"), site.seen_by(role, "b")
    before = rows(theirs, table)
    assert before > 0
    assert rows(mine, table) == 0
    with psycopg.connect(mine, autocommit=True) as connection:
        assert connection.execute(f"UPDATE {table} SET thread_id = 'x'".encode()).rowcount == 0
        assert connection.execute(f"DELETE FROM {table}".encode()).rowcount == 0
        with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
            assert [bytes(line) for line in copy] == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"TRUNCATE {table}".encode())
    assert rows(theirs, table) == before


async def test_rows_cannot_be_written_for_or_handed_to_another_tenant(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    with psycopg.connect(site.seen_by(role, "b"), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(
                "INSERT INTO checkpoint_blobs (thread_id, channel, version, type, tenant)"
                " VALUES ('t', 'c', '1', 'x', 'a')"
            )
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute("UPDATE checkpoint_blobs SET tenant = 'a'")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="row-level security"):
            connection.execute("COPY checkpoint_blobs (thread_id, channel, version, type, tenant) FROM STDIN")


@pytest.mark.parametrize("table", TABLES)
async def test_without_a_tenant_nothing_is_seen_and_nothing_can_be_written(
    inhabited: tuple[Site, str], table: str
) -> None:
    site, role = inhabited
    with psycopg.connect(site.seen_by(role, None), autocommit=True) as connection:
        for statement in (
            f"SELECT count(*) FROM {table}",
            f"DELETE FROM {table}",
            f"UPDATE {table} SET thread_id = 'x'",
        ):
            with pytest.raises(psycopg.errors.UndefinedObject, match=r"quorum\.tenant"):
                connection.execute(statement.encode())
    async with as_tenant(site, role, None) as pool:
        with pytest.raises((psycopg.Error, DatabaseError), match=r"quorum\.tenant"):
            await run_graph(pool, "t", "hello")


async def test_a_setting_that_was_emptied_is_no_tenant(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    with psycopg.connect(site.seen_by(role, "b"), autocommit=True) as connection:
        connection.execute("SET quorum.tenant = ''")
        assert connection.execute("SELECT count(*) FROM checkpoints").fetchone() == (0,)
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(
                "INSERT INTO checkpoint_blobs (thread_id, channel, version, type) VALUES ('t', 'c', '1', 'x')"
            )


async def test_a_lease_on_a_thread_of_another_tenant_is_refused_in_words(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    async with as_tenant(site, role, "a") as pool:
        with pytest.raises(DatabaseError, match="'of-b' belongs to another tenant: choose another thread id"):
            async with hold_lease(pool, "of-b"):
                pass


async def test_a_run_on_a_thread_of_another_tenant_is_refused_and_changes_nothing(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    before = [rows(site.owner, table) for table in TABLES]
    async with as_tenant(site, role, "a") as pool:
        with pytest.raises((psycopg.DataError, DatabaseError), match="'of-b' belongs to another tenant"):
            await run_graph(pool, "of-b", "mine")
        assert await make_saver(pool).aget_tuple(thread("of-b")) is None
    assert [rows(site.owner, table) for table in TABLES[:1]] == before[:1]
    async with as_tenant(site, role, "b") as pool:
        kept = await make_saver(pool).aget_tuple(thread("of-b"))
    assert kept is not None
    assert kept.checkpoint["channel_values"] == {"said": "secret", "heard": ["secret"]}


async def test_a_run_on_a_thread_of_another_tenant_does_not_take_others_of_its_batch_with_it(
    inhabited: tuple[Site, str],
) -> None:
    site, role = inhabited
    async with as_tenant(site, role, "a") as pool:
        saver = make_saver(pool)
        puts = []
        for thread_id in ("of-a", "of-b", "of-a too"):
            config: RunnableConfig = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
            puts.append(saver.aput(config, empty_checkpoint(), {}, {}))
        results = await asyncio.gather(*puts, return_exceptions=True)
        assert [isinstance(result, Exception) for result in results] == [False, True, False]
        assert "'of-b' belongs to another tenant" in str(results[1])
        assert await saver.aget_tuple(thread("of-a too")) is not None


async def test_an_insert_that_an_unseen_row_would_swallow_is_refused_with_its_checkpoint(separated: Site) -> None:
    role = separated.role()
    for tenant, refused in (("b", False), ("a", True)):
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"heard": [tenant]}
        checkpoint["channel_versions"] = {"heard": "1"}  # the same version for both: DO NOTHING keeps the first
        config: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
        async with as_tenant(separated, role, tenant) as pool:
            saver = make_saver(pool)
            if refused:
                with pytest.raises((psycopg.DataError, DatabaseError), match="'t' belongs to another tenant"):
                    await saver.aput(config, checkpoint, {}, {"heard": "1"})
            else:
                await saver.aput(config, checkpoint, {}, {"heard": "1"})
    with psycopg.connect(separated.owner) as owner:
        assert owner.execute("SELECT DISTINCT tenant FROM checkpoint_blobs").fetchall() == [("b",)]


async def test_whose_a_thread_is_can_be_read_by_no_tenant(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    site.run(f"GRANT ALL ON quorum.tenant_threads TO {role}")
    assert rows(site.owner, "quorum.tenant_threads") == 1
    assert rows(site.seen_by(role, "b"), "quorum.tenant_threads") == 0


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


async def test_another_tenants_artifact_is_not_read_and_the_same_content_is_kept_twice(
    inhabited: tuple[Site, str],
) -> None:
    site, role = inhabited
    async with as_tenant(site, role, "b") as pool:
        ref = await PostgresArtifacts(pool, thread_id="of-b").put(b"same", media_type="text/plain")
    async with as_tenant(site, role, "a") as pool:
        mine = PostgresArtifacts(pool, thread_id="of-a")
        with pytest.raises(ArtifactError, match="not in the database"):
            await mine.get(ref)
        assert await mine.get(await mine.put(b"same", media_type="text/plain")) == b"same"
        with pytest.raises(DatabaseError, match="'of-b' belongs to another tenant"):
            await PostgresArtifacts(pool, thread_id="of-b").put(b"same", media_type="text/plain")
    assert rows(site.owner, "quorum.artifacts") == 2


@pytest.mark.parametrize("name", ["", "a\x00b"])
async def test_what_is_no_name_is_refused(separated: Site, name: str) -> None:
    async with open_pool(separated.owner) as pool:
        with pytest.raises(ConfigurationError, match="give the tenant's name"):
            await separate_tenants(pool, existing=name)
        with pytest.raises(ConfigurationError, match="give the tenant's name"):
            await check_tenant(pool, name)
