"""Rotation: all that is stored is sealed with the new key, in pages and beside runs."""

import asyncio
import uuid

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.resealing import reseal
from langgraph_quorum.orchestration.persistence.sealing import Place
from langgraph_quorum.orchestration.persistence.tenants import separate_tenants
from langgraph_quorum.state.errors import ConfigurationError
from tests.persistence.sealed_threads import BOTH, NEW, OLD, change, store, stored


@pytest.mark.parametrize("rows", [1, 2, 200])
async def test_everything_is_sealed_with_the_new_key_and_reads_as_before(pool: Pool, rows: int) -> None:
    for thread_id in ("one", "two", "three"):
        await store(pool, thread_id, OLD)
    before = await stored(pool, "two", OLD)
    report = await reseal(pool, BOTH, rows=rows)
    # 3 threads: 6 values and 3 steps in blobs, 3 writes, 3 checkpoints
    assert report.resealed == {
        "checkpoint_blobs": 27, "checkpoint_writes": 9, "checkpoints": 9, "options": 3, "tasks": 3
    }  # fmt: skip
    assert (report.complete, report.reasons) == (True, ())
    assert await stored(pool, "two", NEW) == before  # without the old key
    assert (await reseal(pool, BOTH, rows=rows)).resealed == {}


async def test_a_rotation_that_was_broken_off_does_only_the_rest(pool: Pool) -> None:
    await store(pool, "one", OLD)
    await reseal(pool, BOTH)
    await store(pool, "two", OLD)
    assert (await reseal(pool, BOTH)).resealed["checkpoint_blobs"] == 9
    await stored(pool, "one", NEW)
    await stored(pool, "two", NEW)


async def test_a_row_that_changes_between_reading_and_writing_is_kept_and_done_the_next_time(
    pool: Pool, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(pool, "one", OLD)
    meanwhile = [
        "DELETE FROM checkpoint_writes WHERE channel = 'text'",
        "UPDATE checkpoint_writes SET blob = blob || '\\x01' WHERE channel = 'parts'",
    ]
    seal = Encryption.seal

    def interrupted(self: Encryption, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
        while place.table == "checkpoint_writes" and meanwhile:
            change(database, meanwhile.pop())  # another session, while the page is in our hands
        return seal(self, place, kind, data)

    monkeypatch.setattr(Encryption, "seal", interrupted)
    report = await reseal(pool, BOTH)
    assert report.refused == {"checkpoint_writes": 1}  # what was put there meanwhile, and was not overwritten
    change(
        database,
        "UPDATE checkpoint_writes SET blob = substring(blob FOR length(blob) - 1) WHERE channel = 'parts'",
    )
    assert (await reseal(pool, BOTH)).resealed == {"checkpoint_writes": 1}
    writes = [write[1:] for write in (await stored(pool, "one", NEW))[0][2]]
    assert writes == [("__interrupt__", "why"), ("parts", ["c"])]


async def test_a_row_that_is_in_use_is_not_waited_for(pool: Pool, database: str) -> None:
    await store(pool, "one", OLD)
    with psycopg.connect(database) as other:
        other.execute("SELECT FROM checkpoint_blobs WHERE channel = 'text' FOR UPDATE")
        report = await asyncio.wait_for(reseal(pool, BOTH), 30)
        assert (report.left, report.complete) == ({"checkpoint_blobs": 1}, False)
    assert (await reseal(pool, BOTH)).resealed == {"checkpoint_blobs": 1}


async def test_runs_go_on_beside_it(pool: Pool) -> None:
    await store(pool, "old", OLD, checkpoints=20)
    writing = [asyncio.create_task(store(pool, f"new-{n}", BOTH, checkpoints=10)) for n in range(5)]
    reports = [await reseal(pool, BOTH, rows=5)]
    await asyncio.gather(*writing)
    reports.append(await reseal(pool, BOTH))
    assert all(report.complete for report in reports)
    assert len(await stored(pool, "old", NEW)) == 22
    for n in range(5):
        assert len(await stored(pool, f"new-{n}", NEW)) == 12


async def test_large_values_end_a_page_early(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langgraph_quorum.orchestration.persistence.resealing._PAGE_BYTES", 1)
    await store(pool, "one", OLD)
    report = await reseal(pool, BOTH)
    assert report.complete
    assert report.resealed["checkpoint_blobs"] == 9
    await stored(pool, "one", NEW)


async def test_a_page_of_no_rows_is_refused(pool: Pool) -> None:
    with pytest.raises(ConfigurationError, match="give at least 1"):
        await reseal(pool, BOTH, rows=0)


async def test_a_tenants_session_seals_the_rows_of_that_tenant_only(pool: Pool, database: str) -> None:
    await store(pool, "of-a", OLD)
    await separate_tenants(pool, existing="a")
    role = f"role_{uuid.uuid4().hex}"
    change(database, f"CREATE ROLE {role} LOGIN")
    for schema in ("public", "quorum"):
        change(database, f"GRANT USAGE ON SCHEMA {schema} TO {role}")
        change(database, f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {schema} TO {role}")
    try:
        for tenant in ("b", "a"):
            async with open_pool(make_conninfo(database, user=role, options=f"-c quorum.tenant={tenant}")) as tenants:
                ref = await PostgresArtifacts(tenants, sealer=OLD, hash_key=b"k" * 32).put(b"same", media_type="a/b")
                report = await reseal(tenants, BOTH)
                assert report.complete
                assert report.resealed.get("checkpoint_blobs", 0) == (9 if tenant == "a" else 0)
                assert report.resealed["artifacts"] == 1
                assert await PostgresArtifacts(tenants, sealer=NEW, hash_key=b"k" * 32).get(ref) == b"same"
    finally:
        change(database, f"DROP OWNED BY {role}")
        change(database, f"DROP ROLE {role}")
