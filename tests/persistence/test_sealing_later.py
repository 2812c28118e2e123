"""A database that was plain is encrypted once, where that is allowed, and reads as before."""

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.serde.types import _DeltaSnapshot

from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.resealing import reseal
from langgraph_quorum.orchestration.persistence.saver import make_saver
from tests.persistence.sealed_threads import BOTH, NEW, OLD, change, config_of, store, stored


async def test_a_plain_database_is_not_encrypted_unless_that_is_asked_for(pool: Pool) -> None:
    await store(pool, "one", None)
    before = await stored(pool, "one", None)
    report = await reseal(pool, NEW)
    assert not report.complete
    assert (report.resealed, report.refused["options"], report.refused["checkpoints"]) == ({}, 1, 3)
    assert "plain_allowed=True" in report.reasons[0]
    assert await stored(pool, "one", None) == before


@pytest.mark.parametrize("rows", [1, 200])
async def test_a_plain_database_is_encrypted_and_reads_as_before(pool: Pool, database: str, rows: int) -> None:
    for thread_id in ("one", "two"):
        await store(pool, thread_id, None)
    before = await stored(pool, "one", None)
    report = await reseal(pool, NEW, plain_allowed=True, rows=rows)
    assert report.complete
    assert report.resealed["inline"] == 2 * 3 * 5  # text, number, yes, none and step of each checkpoint
    assert await stored(pool, "one", NEW) == before
    assert change(database, "SELECT 1 FROM checkpoints WHERE checkpoint -> 'channel_values' <> '{}'") == 0
    assert (await reseal(pool, NEW, plain_allowed=True)).resealed == {}


async def test_the_marker_of_a_delta_channel_stays_and_a_plain_truth_does_not(pool: Pool, database: str) -> None:
    checkpoint = empty_checkpoint()
    checkpoint["channel_values"] = {"delta": _DeltaSnapshot(["a"]), "yes": True}
    checkpoint["channel_versions"] = {"delta": "1", "yes": "1"}
    saver = make_saver(pool)
    for number in range(2):  # the second one finds the blob that the first one's truth was moved into
        checkpoint["id"] = f"checkpoint-{number}"
        await saver.aput(
            config_of("one"), checkpoint, {"counters_since_delta_snapshot": {}}, {"delta": "1", "yes": "1"}
        )
    for _ in range(2):
        assert (await reseal(pool, NEW, plain_allowed=True)).complete
        with psycopg.connect(database) as connection:
            kept = connection.execute(
                "SELECT DISTINCT checkpoint -> 'channel_values', metadata - 'sealed' FROM checkpoints"
            )
            assert kept.fetchall() == [({"delta": True}, {"counters_since_delta_snapshot": {}})]


async def test_blobs_of_channels_that_were_emptied_are_sealed_as_empty(pool: Pool, database: str) -> None:
    await store(pool, "one", None)
    change(database, "UPDATE checkpoint_blobs SET type = 'empty', blob = NULL WHERE channel = 'parts'")
    assert (await reseal(pool, NEW, plain_allowed=True)).complete
    newest = (await stored(pool, "one", NEW))[0][0]
    assert "parts" not in newest
    assert newest["text"] == "a word"


async def test_artifacts_keep_their_addresses_and_plain_ones_are_left(pool: Pool, database: str) -> None:
    key = b"k" * 32
    ref = await PostgresArtifacts(pool, sealer=OLD, hash_key=key).put(b"secret", media_type="text/plain")
    plain = await PostgresArtifacts(pool).put(b"plain", media_type="text/plain")
    report = await reseal(pool, BOTH, plain_allowed=True)
    assert (report.resealed, report.refused) == ({"artifacts": 1}, {"artifacts": 1})
    assert "put it again" in report.reasons[0]
    assert await PostgresArtifacts(pool, sealer=NEW, hash_key=key).get(ref) == b"secret"
    assert await PostgresArtifacts(pool).get(plain) == b"plain"
