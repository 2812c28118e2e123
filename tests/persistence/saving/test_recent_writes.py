"""A large value that was just written is copied by the server into the checkpoint, and only if it is the same."""

from collections.abc import Sequence

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, empty_checkpoint
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.aside import carried_out_aside
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.saving.pipelined import Statement
from langgraph_quorum.orchestration.persistence.saving.recent_writes import KEPT_BYTES, LARGE_BYTES, RecentWrites
from langgraph_quorum.orchestration.persistence.saving.rows import BlobRow, Rows, WriteRow
from langgraph_quorum.orchestration.persistence.saving.transaction import ASIDE_BYTES, Transactions
from tests.persistence.saving.begun import watch

LARGE = [f"finding {number}" for number in range(2000)]
OTHER = [*LARGE, "another"]
SIZES = {"on the line": LARGE, "aside": [f"finding {number}" for number in range(ASIDE_BYTES // 10)]}
THREAD: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}


@pytest.fixture
async def saver(pool: Pool) -> GroupCommitSaver:
    """Its pool has connections that were in use a moment ago, so that its writer asks none first whether it lives."""
    async with pool.connection(), pool.connection():
        return GroupCommitSaver(pool)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The values of channels that the writer has sent to the server."""
    seen: list[bytes] = []

    def noting(statements: Sequence[Statement]) -> None:
        seen.extend(blob for statement in statements for blob in statement.columns.get("blob", ()))

    watch(monkeypatch, noting)
    return seen


def holding(value: object) -> Checkpoint:
    return {**empty_checkpoint(), "channel_values": {"found": value}, "channel_versions": {"found": "1"}}


async def stored(pool: Pool) -> object:
    """What the official saver reads."""
    official = AsyncPostgresSaver(pool)
    found = await official.aget_tuple({"configurable": {"thread_id": "t", "checkpoint_ns": ""}})
    assert found is not None
    return found.checkpoint["channel_values"]["found"]


@pytest.mark.parametrize("value", SIZES.values(), ids=SIZES)
async def test_a_value_that_was_just_written_is_sent_once(
    pool: Pool, saver: GroupCommitSaver, sent: list[bytes], value: list[str]
) -> None:
    await saver.aput_writes(THREAD, [("found", value)], "task")
    await saver.aput(THREAD, holding(list(value)), {}, {"found": "1"})
    assert len(sent) == 1
    assert (len(sent[0]) >= ASIDE_BYTES) is (value is not LARGE)
    assert await stored(pool) == value
    async with pool.connection() as connection:
        alike = "pg_column_size(written.blob) = pg_column_size(copied.blob)"
        sizes = f"SELECT {alike} AS same FROM checkpoint_writes AS written, checkpoint_blobs AS copied"
        row = await (await connection.execute(sizes.encode())).fetchone()
    assert row == {"same": True}  # compressed alike


@pytest.mark.parametrize("value", SIZES.values(), ids=SIZES)
async def test_a_value_that_a_reducer_has_changed_is_sent(
    pool: Pool, saver: GroupCommitSaver, sent: list[bytes], value: list[str]
) -> None:
    await saver.aput_writes(THREAD, [("found", value)], "task")
    await saver.aput(THREAD, holding([*value, "another"]), {}, {"found": "1"})
    assert len(sent) == 2
    assert await stored(pool) == [*value, "another"]


@pytest.mark.parametrize("change", [b"DELETE FROM checkpoint_writes", b"UPDATE checkpoint_writes SET type = 'sealed'"])
async def test_a_value_whose_row_is_gone_or_sealed_meanwhile_is_stored_all_the_same(
    pool: Pool, saver: GroupCommitSaver, sent: list[bytes], change: bytes
) -> None:
    await saver.aput_writes(THREAD, [("found", LARGE)], "task")
    async with pool.connection() as connection:
        await connection.execute(change)
    await saver.aput(THREAD, holding(LARGE), {}, {"found": "1"})
    assert len(sent) == 1
    assert await stored(pool) == LARGE


async def test_a_row_that_was_there_before_is_not_copied(
    pool: Pool, saver: GroupCommitSaver, sent: list[bytes]
) -> None:
    await AsyncPostgresSaver(pool).aput_writes(THREAD, [("found", OTHER)], "task")
    await saver.aput_writes(THREAD, [("found", LARGE)], "task")
    await saver.aput(THREAD, holding(LARGE), {}, {"found": "1"})
    assert len(sent) == 2
    assert await stored(pool) == LARGE


async def carried_out(pool: Pool, value: bytes) -> list[int] | None:
    """One transaction of a task's result and of the checkpoint that holds it."""
    calls = [(None, Rows(writes=(written("a", value),))), (None, Rows(blobs=(asked("a", value),)))]
    prepared = Transactions(pool).prepare(calls)
    assert [len(statement.columns.get("blob", ())) for statement in prepared.statements] == [1, 0]  # sent once
    async with pool.connection() as connection:
        return await carried_out_aside(connection, prepared.statements)


async def test_what_is_written_along_with_its_checkpoint_is_sent_once(pool: Pool) -> None:
    value = bytes(LARGE_BYTES)
    assert await carried_out(pool, value) == [1, 1]
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT channel, type, blob FROM checkpoint_blobs")).fetchall()
    assert rows == [{"channel": "a", "type": "msgpack", "blob": value}]


async def test_what_is_written_along_is_refused_where_another_value_was_there_before(pool: Pool) -> None:
    assert await carried_out(pool, bytes(LARGE_BYTES)) is not None
    assert await carried_out(pool, bytes(LARGE_BYTES + 1)) is None


def written(channel: str, blob: bytes, task_id: str = "task") -> WriteRow:
    return WriteRow("t", "", "c", task_id, 0, "", channel, "msgpack", blob)


def asked(channel: str, blob: bytes, kind: str = "msgpack") -> BlobRow:
    return BlobRow("t", "", channel, "1", kind, blob)


def test_only_large_values_of_the_same_kind_are_copied_from_the_latest_write_and_once() -> None:
    recent = RecentWrites()
    large, small = b"x" * LARGE_BYTES, b"x" * (LARGE_BYTES - 1)
    recent.add([written("a", b"y" * LARGE_BYTES, "first"), written("a", large, "last"), written("b", small)])
    assert recent.split([asked("a", large, "json"), asked("b", small)], [])[1] == []
    sent, copied, along = recent.split([asked("b", small), asked("a", large)], [])
    assert (sent, [row.task_id for row in copied], along) == ([asked("b", small)], ["last"], [])
    assert recent.split([asked("a", large)], [])[1] == []


def test_a_value_that_is_written_along_with_its_checkpoint_is_copied_from_there() -> None:
    recent = RecentWrites()
    large = b"x" * LARGE_BYTES
    recent.add([written("a", large, "before")])
    writes = [written("a", large, "now"), written("b", large[1:], "now"), written("c", large, "now")]
    sent, copied, along = recent.split([asked("a", large), asked("b", large[1:]), asked("c", b"y" + large)], writes)
    assert (copied, [(row.channel, row.task_id) for row in along]) == ([], [("a", "now")])
    assert [row.channel for row in sent] == ["b", "c"]
    assert recent.split([asked("a", large)], [])[1] == []  # nor is the earlier one of use any longer


def test_the_oldest_are_forgotten_when_they_are_more_than_8_mb() -> None:
    recent = RecentWrites()
    half = bytes(KEPT_BYTES // 2)
    recent.add([written(channel, half) for channel in "abc"] + [written("d", bytes(KEPT_BYTES + 1))])
    _, copied, _ = recent.split([asked(channel, half) for channel in "abc"], [])
    assert [row.channel for row in copied] == ["b", "c"]
