"""Rotation: all that is stored is sealed with the new key, in pages, beside runs, and what cannot be is reported."""

import asyncio
import logging
import uuid
from typing import Any

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.serde.types import _DeltaSnapshot
from psycopg.conninfo import make_conninfo

from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.keys import Keys
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.resealing import reseal
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.sealed_register import (
    opened_options,
    opened_task,
    sealed_options,
    sealed_task,
)
from langgraph_quorum.orchestration.persistence.sealing import Place
from langgraph_quorum.orchestration.persistence.tenants import separate_tenants
from langgraph_quorum.state.errors import ConfigurationError, SealError

OLD = Encryption(Keys("old", {"old": b"o" * 32}))
BOTH = Encryption(Keys("a-newer", {"old": b"o" * 32, "a-newer": b"n" * 32}))
NEW = Encryption(Keys("a-newer", {"a-newer": b"n" * 32}))
VALUES = {"text": "a word", "number": 7, "yes": True, "none": None, "parts": ["a", {"b": 1.5}], "large": "x" * 5000}
OPTIONS = '{"input": {"task": "look"}, "n": 1.5}'


def change(database: str, statement: str) -> int:
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(statement.encode()).rowcount


async def store(pool: Pool, thread_id: str, sealer: Encryption | None, checkpoints: int = 3) -> None:
    """Checkpoints of a thread, the later ones with values that did not change, and writes to the last."""
    saver, config = make_saver(pool, sealer=sealer), config_of(thread_id)
    for step in range(checkpoints):
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {**VALUES, "step": step}
        versions = dict.fromkeys(VALUES, "1") | {"step": str(step + 1)}
        checkpoint["channel_versions"] = {**versions}
        changed = versions if step == 0 else {"step": str(step + 1)}
        config = await saver.aput(config, checkpoint, {"step": step, "source": "loop", "parents": {}}, {**changed})
    await saver.aput_writes(config, [("parts", ["c"]), ("text", "later")], "task")
    await saver.aput_writes(config, [("__interrupt__", "why")], "task")
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO quorum.runs (thread_id, workflow, status, task, options) VALUES (%s, 'w', 'waiting', %s, %s)",
            (thread_id, sealed_task(sealer, thread_id, "look"), sealed_options(sealer, thread_id, OPTIONS)),
        )


def config_of(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}


async def stored(pool: Pool, thread_id: str, sealer: Encryption | None) -> list[Any]:
    """All that is kept of a thread, as it was given."""
    found: list[Any] = [
        (item.checkpoint["channel_values"], item.metadata, item.pending_writes)
        async for item in make_saver(pool, sealer=sealer).alist(config_of(thread_id))
    ]
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT task, options FROM quorum.runs WHERE thread_id = %s", (thread_id,))
        row = await cursor.fetchone()
    assert row is not None
    return [*found, opened_task(sealer, thread_id, row["task"]), opened_options(sealer, thread_id, row["options"])]


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


async def test_what_cannot_be_opened_is_left_as_it_is_and_reported_and_the_rest_is_done(
    pool: Pool, database: str
) -> None:
    await store(pool, "one", OLD)
    change(database, "UPDATE checkpoint_blobs SET blob = blob || '\\x00' WHERE channel = 'text'")
    change(database, "UPDATE checkpoint_writes SET type = 'json' WHERE channel = 'text'")
    change(
        database, 'UPDATE checkpoints SET metadata = \'{"sealed": ["sealed", "?"]}\' WHERE parent_checkpoint_id IS NULL'
    )
    report = await reseal(pool, BOTH)
    assert report.refused == {"checkpoint_blobs": 1, "checkpoint_writes": 1, "checkpoints": 1}
    assert report.resealed == {
        "checkpoint_blobs": 8, "checkpoint_writes": 2, "checkpoints": 2, "options": 1, "tasks": 1
    }  # fmt: skip
    assert not report.complete
    assert len(report.reasons) == 3
    assert "a word" not in str(report)
    assert change(database, "SELECT FROM checkpoint_blobs WHERE channel = 'text' AND blob::text LIKE '%00'") == 1


async def test_without_the_old_key_it_says_which_one_is_missing(pool: Pool) -> None:
    await store(pool, "one", OLD)
    report = await reseal(pool, NEW)
    assert report.resealed == {}
    assert "key 'old', which was not given" in report.reasons[0]
    await stored(pool, "one", OLD)


async def test_refusals_of_one_reason_are_told_once_with_their_number_and_a_few_places(
    pool: Pool, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        await store(pool, f"t{number}", OLD, checkpoints=1)
    change(database, "UPDATE checkpoint_blobs SET type = 'json' WHERE thread_id = 't3' AND channel = 'text'")
    report = await reseal(pool, NEW, rows=7)
    first, second, *rest = report.reasons
    # 7 blobs of each thread, one of them no longer sealed
    assert first.startswith("139 checkpoint_blobs: each is encrypted with the key 'old', which was not given: ")
    assert first.count(" of thread ") == 3
    assert second.startswith("text/1 of thread 't3' in checkpoint_blobs is not encrypted")
    assert [reason.partition(":")[0] for reason in rest] == [
        "60 checkpoint_writes", "20 checkpoints", "20 options", "20 tasks"
    ]  # fmt: skip
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


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


async def test_artifacts_keep_their_addresses_and_plain_ones_are_left(pool: Pool, database: str) -> None:
    key = b"k" * 32
    ref = await PostgresArtifacts(pool, sealer=OLD, hash_key=key).put(b"secret", media_type="text/plain")
    plain = await PostgresArtifacts(pool).put(b"plain", media_type="text/plain")
    report = await reseal(pool, BOTH, plain_allowed=True)
    assert (report.resealed, report.refused) == ({"artifacts": 1}, {"artifacts": 1})
    assert "put it again" in report.reasons[0]
    assert await PostgresArtifacts(pool, sealer=NEW, hash_key=key).get(ref) == b"secret"
    assert await PostgresArtifacts(pool).get(plain) == b"plain"


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


@pytest.mark.parametrize(
    ("sealer", "options", "told"),
    [
        (OLD, {"input": 1}, "not encrypted"),
        (OLD, {"sealed": ["sealed", "?"]}, "not encrypted"),
        (None, {"sealed": ["sealed", "AQ=="]}, "QUORUM_ENCRYPTION_KEYS"),
        (NEW, {"sealed": ["sealed", "AQNvbGQA"]}, "no envelope"),
    ],
)
def test_options_in_the_wrong_form_are_refused(sealer: Encryption | None, options: dict[str, Any], told: str) -> None:
    with pytest.raises(SealError, match=told):
        opened_options(sealer, "t", options)


def test_a_task_is_bound_to_its_run_and_without_a_sealer_shown_as_it_is() -> None:
    task = sealed_task(OLD, "t", "look at ü")
    assert "look" not in task
    assert opened_task(OLD, "t", task) == "look at ü"
    assert opened_task(None, "t", task) == task
    assert sealed_task(None, "t", "look") == "look"
    for thread_id, stored_task in (("u", task), ("t", "look"), ("t", "sealed:?")):
        with pytest.raises(SealError):
            opened_task(OLD, thread_id, stored_task)


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
