"""What cannot be sealed anew is left as it is, and told of with its reason."""

import logging

import pytest

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.resealing import reseal
from tests.persistence.sealed_threads import BOTH, NEW, OLD, change, store, stored


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
