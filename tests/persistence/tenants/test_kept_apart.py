"""Tenants of one database neither see nor touch each other's rows: through the saver, or in plain SQL."""

from __future__ import annotations

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.tenants import (
    check_tenant,
    separate_tenants,
)
from langgraph_quorum.state.errors import ArtifactError, DatabaseError
from tests.persistence.tenants.sites import TABLES, Site, as_tenant, rows, run_graph, thread


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


async def test_whose_a_thread_is_can_be_read_by_no_tenant(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    site.run(f"GRANT ALL ON quorum.tenant_threads TO {role}")
    assert rows(site.owner, "quorum.tenant_threads") == 1
    assert rows(site.seen_by(role, "b"), "quorum.tenant_threads") == 0


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


@pytest.mark.parametrize(
    ("table", "columns", "values"),
    [
        ("artifact_refs", "thread_id, hash", "'mine', 'b/{there}'"),
        ("artifact_refs", "thread_id, hash", "'mine', 'b/nothing'"),
        ("artifact_refs", "thread_id, hash", "'mine', '{before}'"),
        ("artifact_refs", "thread_id, hash", "'mine', 'nothing'"),
        ("artifacts", "hash, size_bytes, media_type, data", "'b/{there}', 1, 'a/b', 'x'"),
        ("artifacts", "hash, size_bytes, media_type, data", "'b/nothing', 1, 'a/b', 'x'"),
        ("artifacts", "hash, size_bytes, media_type, data", "'{before}', 1, 'a/b', 'x'"),
    ],
)
async def test_no_key_tells_which_artifacts_another_tenant_has_or_keeps_them_there(
    inhabited: tuple[Site, str], table: str, columns: str, values: str
) -> None:
    site, role = inhabited
    async with as_tenant(site, role, "b") as pool:
        ref = await PostgresArtifacts(pool, thread_id="of-b").put(b"theirs", media_type="text/plain")
    site.run(
        "INSERT INTO quorum.artifacts (hash, size_bytes, media_type, data, tenant)"
        " VALUES ('from before', 1, 'a/b', 'x', 'b')"
    )
    told = values.format(there=ref["artifact"], before="from before")
    refused = pytest.raises(psycopg.errors.InsufficientPrivilege, match="quorum_address")
    with psycopg.connect(site.seen_by(role, "a"), autocommit=True) as connection, refused:
        connection.execute(f"INSERT INTO quorum.{table} ({columns}) VALUES ({told})".encode())


async def test_an_artifact_cannot_be_given_a_name_of_another_tenants(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    async with as_tenant(site, role, "a") as pool:
        await PostgresArtifacts(pool).put(b"mine", media_type="text/plain")
    refused = pytest.raises(psycopg.errors.InsufficientPrivilege, match="quorum_address")
    with psycopg.connect(site.seen_by(role, "a"), autocommit=True) as connection, refused:
        connection.execute("UPDATE quorum.artifacts SET hash = 'b/' || substring(hash FROM '[^/]*$')")


async def test_what_was_put_before_the_tenants_were_separated_is_referred_to_and_put_again(site: Site) -> None:
    role = site.role()
    async with open_pool(site.owner) as pool:
        ref = await PostgresArtifacts(pool, thread_id="old").put(b"old", media_type="text/plain")
        await separate_tenants(pool, existing="a")
    async with as_tenant(site, role, "a") as pool:
        store = PostgresArtifacts(pool, thread_id="new")
        assert await store.get(ref) == b"old"
        assert await store.put(b"old", media_type="text/plain") == ref
    assert (rows(site.owner, "quorum.artifacts"), rows(site.owner, "quorum.artifact_refs")) == (1, 2)


async def test_tables_separated_by_an_older_release_are_a_gap_until_that_is_done_again(separated: Site) -> None:
    role = separated.role()
    separated.run("DROP POLICY quorum_address ON quorum.artifact_refs")
    async with as_tenant(separated, role, "a") as pool:
        with pytest.raises(DatabaseError, match="artifact_refs tells what other tenants keep: run `quorum db tenants"):
            await check_tenant(pool, "a")
        async with open_pool(separated.owner) as owners:
            await separate_tenants(owners)
        await check_tenant(pool, "a")
