"""A connection that is kept for what may follow is nobody's loss: whoever needs it gets it, and its end is noticed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.saving.line import Line
from tests.outages.mishaps import terminate
from tests.persistence.saving.waits import blocked

AT: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}
SOON_S = 5


@pytest.fixture
async def single(migrated_database: str) -> AsyncIterator[Pool]:
    """A pool of one connection."""
    async with open_pool(migrated_database, max_size=1) as pool:
        yield pool


def keeping(pool: Pool) -> GroupCommitSaver:
    """A saver that would keep its connection for a minute."""
    saver = GroupCommitSaver(pool)
    saver._committer._writer.linger_s = 60.0
    return saver


async def answer(pool: Pool) -> int:
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) AS n FROM checkpoint_writes")).fetchone()
    assert row is not None
    return int(row["n"])


def saving_tasks() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "quorum:saving"]


async def test_a_run_of_writes_one_after_the_other_takes_the_connection_once(single: Pool) -> None:
    saver = keeping(single)
    before = single.statistics().requests
    for number in range(5):
        await saver.aput_writes(AT, [("c", number)], f"task-{number}")
    assert single.statistics().requests == before + 1
    assert saver.statistics().flushes == 5


async def test_who_needs_the_only_connection_right_after_a_write_gets_it(single: Pool) -> None:
    saver = keeping(single)
    for number in range(1, 4):
        await saver.aput_writes(AT, [("c", number)], f"task-{number}")
        assert single.statistics().idle == 0
        assert await asyncio.wait_for(answer(single), SOON_S) == number


async def test_who_needs_it_while_something_is_handed_over_gets_it_too_and_that_is_stored(single: Pool) -> None:
    saver = keeping(single)
    await saver.aput_writes(AT, [("c", 0)], "first")
    writing = saver.aput_writes(AT, [("c", 1)], "second")
    assert await asyncio.wait_for(answer(single), SOON_S) in {1, 2}
    await writing
    assert await answer(single) == 2


async def test_who_asks_for_it_while_a_batch_is_under_way_gets_it_once_that_is_stored(
    single: Pool, migrated_database: str
) -> None:
    saver = keeping(single)
    async with open_pool(migrated_database) as other, other.connection() as holder:
        async with holder.transaction():
            await holder.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
            writing = asyncio.create_task(saver.aput_writes(AT, [("c", 1)], "task"))
            await blocked(other)
            asking = asyncio.create_task(answer(single))
            while not single.statistics().waiting:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0)
            assert not writing.done()  # a batch is not given up for that
        await writing
        assert await asyncio.wait_for(asking, SOON_S) == 1


async def test_with_nothing_to_follow_the_connection_is_given_back_and_the_writing_task_ends(single: Pool) -> None:
    saver = GroupCommitSaver(single)
    await saver.aput_writes(AT, [("c", 1)], "task")
    assert saving_tasks()
    await asyncio.wait(saving_tasks(), timeout=SOON_S)
    assert not saving_tasks()
    assert single.statistics().idle == 1


async def test_the_servers_end_of_a_kept_connection_is_noticed_at_once_and_the_next_write_succeeds(
    single: Pool, migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Line] = []
    answers = Line.answers

    def counting(line: Line) -> list[int] | None:
        asked.append(line)
        return answers(line)

    saver = keeping(single)
    await saver.aput_writes(AT, [("c", 1)], "before")
    monkeypatch.setattr(Line, "answers", counting)
    keeping_it = saving_tasks()
    await terminate(migrated_database)
    await asyncio.wait(keeping_it, timeout=SOON_S)
    assert not saving_tasks()
    assert 1 <= len(asked) <= 5  # the server's last word, and that there is no more; nothing spins
    await saver.aput_writes(AT, [("c", 2)], "after")
    assert await answer(single) == 2


async def test_a_write_that_comes_before_the_servers_end_was_noticed_succeeds_too(
    single: Pool, migrated_database: str
) -> None:
    saver = keeping(single)
    await saver.aput_writes(AT, [("c", 1)], "before")
    with psycopg.Connection.connect(migrated_database, autocommit=True) as admin:  # blocks the loop
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        admin.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}".encode())
    await saver.aput_writes(AT, [("c", 2)], "after")
    assert await answer(single) == 2
