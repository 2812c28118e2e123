"""Artifacts live as long as a thread refers to them, and never vanish under one that puts."""

from __future__ import annotations

import asyncio

import pytest
from psycopg import AsyncConnection

from langgraph_quorum.orchestration.persistence.artifacts.collecting import CollectReport, collect, copy_references
from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.state.errors import ArtifactError, ConfigurationError, LeaseLostError
from tests.artifacts.stores import KEY, TEXT, ReversingSealer

NOTHING = CollectReport(0, 0)


async def forget(pool: Pool, thread_id: str) -> None:
    async with borrowed(pool, "forgetting") as connection:
        await connection.execute(pool.statements("pruning")["references"], {"thread_ids": [thread_id]})


async def rows(pool: Pool, table: str) -> int:
    async with borrowed(pool, "counting") as connection:
        found = await (await connection.execute(f"SELECT count(*) AS n FROM quorum.{table}".encode())).fetchone()
    assert found is not None
    return int(found["n"])


async def test_what_a_thread_refers_to_stays_until_the_last_thread_is_forgotten(pool: Pool) -> None:
    store = PostgresArtifacts(pool)
    ref = await store.of_thread("a").put(b"one", media_type=TEXT)
    await store.of_thread("b").put(b"one", media_type=TEXT)
    assert (await rows(pool, "artifacts"), await rows(pool, "artifact_refs")) == (1, 2)
    await forget(pool, "a")
    assert await collect(pool, older_than_s=0) == NOTHING
    await forget(pool, "b")
    assert await collect(pool, older_than_s=0) == CollectReport(artifacts=1, size_bytes=3)
    with pytest.raises(ArtifactError, match="collected"):
        await store.get(ref)


async def test_what_was_put_lately_stays_without_a_reference(pool: Pool) -> None:
    ref = await PostgresArtifacts(pool).put(b"one", media_type=TEXT)
    assert await collect(pool, older_than_s=3600) == NOTHING
    assert await PostgresArtifacts(pool).get(ref) == b"one"


async def test_putting_again_makes_it_young_again(pool: Pool) -> None:
    await PostgresArtifacts(pool).put(b"one", media_type=TEXT)
    async with borrowed(pool, "ageing") as connection:
        await connection.execute("UPDATE quorum.artifacts SET put_at = put_at - interval '1 day'")
    await PostgresArtifacts(pool).put(b"one", media_type=TEXT)
    assert await collect(pool, older_than_s=3600) == NOTHING


async def test_a_fork_keeps_what_its_origin_has_put(pool: Pool) -> None:
    ref = await PostgresArtifacts(pool, thread_id="origin").put(b"one", media_type=TEXT)
    async with borrowed(pool, "forking") as connection:
        await copy_references(connection, pool, "origin", "fork")
    await forget(pool, "origin")
    assert await collect(pool, older_than_s=0) == NOTHING
    assert await PostgresArtifacts(pool, thread_id="fork").get(ref) == b"one"


async def test_a_thread_that_reads_what_another_has_put_refers_to_it_too(pool: Pool) -> None:
    ref = await PostgresArtifacts(pool, thread_id="maker").put(b"one", media_type=TEXT)
    assert await PostgresArtifacts(pool, thread_id="reader").get(ref) == b"one"
    await forget(pool, "maker")
    assert await collect(pool, older_than_s=0) == NOTHING


async def test_more_than_one_batch_is_collected(pool: Pool) -> None:
    for number in range(230):
        await PostgresArtifacts(pool).put(b"%03d" % number, media_type=TEXT)
    assert await collect(pool, older_than_s=0) == CollectReport(230, 690)


async def test_a_put_that_waits_for_the_collector_puts_anew(pool: Pool) -> None:
    store = PostgresArtifacts(pool, thread_id="t")
    await PostgresArtifacts(pool).put(b"one", media_type=TEXT)
    sql = pool.statements("artifacts")
    async with borrowed(pool, "collecting") as collector, collector.transaction():
        chosen = await (
            await collector.execute(sql["choose"], {"older_than_s": 0, "after": "", "batch": 10})
        ).fetchall()
        putting = asyncio.create_task(store.put(b"one", media_type=TEXT))
        await until_somebody_waits(pool)
        await collector.execute(sql["delete"], {"hashes": [row["hash"] for row in chosen]})
        assert not putting.done()
    ref = await putting
    assert await store.get(ref) == b"one"
    assert await collect(pool, older_than_s=0) == NOTHING


async def test_the_collector_passes_by_what_is_being_put(pool: Pool) -> None:
    ref = await PostgresArtifacts(pool).put(b"one", media_type=TEXT)
    values = {"hash": ref["artifact"], "thread_id": "t"}
    async with borrowed(pool, "putting") as connection, connection.transaction():
        await connection.execute(pool.statements("artifacts")["touch"], values)
        assert await collect(pool, older_than_s=0) == NOTHING
    assert await collect(pool, older_than_s=0) == NOTHING


async def test_a_reference_that_comes_between_choosing_and_deleting_saves_the_artifact(pool: Pool) -> None:
    # The choice was made by a snapshot that does not see the reference: deleting looks again, with a new one.
    ref = await PostgresArtifacts(pool, thread_id="t").put(b"one", media_type=TEXT)
    async with borrowed(pool, "deleting") as connection:
        deleted = await connection.execute(pool.statements("artifacts")["delete"], {"hashes": [ref["artifact"]]})
        assert await deleted.fetchall() == []


async def test_puts_and_collections_at_once_never_lose_what_a_thread_refers_to(pool: Pool) -> None:
    collected = 0
    ending = asyncio.Event()

    async def collects() -> None:
        nonlocal collected
        while not ending.is_set():
            collected += (await collect(pool, older_than_s=0)).artifacts

    async def puts(thread_id: str) -> None:
        store = PostgresArtifacts(pool, thread_id=thread_id)
        for round_number in range(40):
            data = b"%d" % (round_number % 4)  # the same four contents in all threads, gone and put again
            ref = await store.put(data, media_type=TEXT)
            assert await store.get(ref) == data
            await forget(pool, thread_id)

    collecting = [asyncio.create_task(collects()) for _ in range(2)]
    await asyncio.gather(*(puts(f"t{number}") for number in range(4)))
    ending.set()
    await asyncio.gather(*collecting)
    assert collected > 4  # so that contents really were deleted and put again


async def test_a_driver_that_was_overtaken_cannot_put(pool: Pool) -> None:
    with pytest.raises(LeaseLostError):
        await PostgresArtifacts(pool).of_thread("t", token=7).put(b"one", media_type=TEXT)
    assert await rows(pool, "artifacts") == 0


async def test_a_sealed_artifact_shows_nothing_in_the_table(pool: Pool) -> None:
    store = PostgresArtifacts(pool, sealer=ReversingSealer(), hash_key=KEY)
    ref = await store.put(b"secret", media_type=TEXT)
    async with borrowed(pool, "looking") as connection:
        row = await (await connection.execute("SELECT * FROM quorum.artifacts")).fetchone()
    assert row is not None
    assert (row["kind"], row["hash"]) == ("bytes+reversed", ref["artifact"])
    assert b"secret" not in row["data"]
    with pytest.raises(ArtifactError, match="encrypted"):
        await PostgresArtifacts(pool, hash_key=KEY).get(ref)


async def test_an_age_that_makes_no_sense_is_refused(pool: Pool) -> None:
    with pytest.raises(ConfigurationError, match="older_than_s=-1"):
        await collect(pool, older_than_s=-1)


async def until_somebody_waits(pool: Pool) -> None:
    async with await AsyncConnection.connect(str(pool.conninfo), autocommit=True) as looking:
        while True:
            waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            if await (await looking.execute(waiting)).fetchone() is not None:
                return
            await asyncio.sleep(0.01)
