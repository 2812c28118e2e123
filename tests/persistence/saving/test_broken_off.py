"""A batch that is broken off on the way is done again, and whoever breaks off leaves nothing behind."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.saving.line import Line
from langgraph_quorum.orchestration.persistence.saving.pipelined import Statement
from langgraph_quorum.orchestration.persistence.saving.transaction import ASIDE_BYTES
from tests.outages.proxy import Cut, Trap, proxied
from tests.persistence.saving.begun import watch_lines, watch_threads
from tests.persistence.saving.waits import blocked

AT: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}
LOCK = b"LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE"
SIZES = {"on the line": "a" * (ASIDE_BYTES // 2), "aside": "a" * ASIDE_BYTES}


async def written(pool: Pool) -> dict[str, int]:
    """The tasks whose writes are stored, and their sizes."""
    sizes = b"SELECT task_id, length(blob) AS size FROM checkpoint_writes"
    async with pool.connection() as connection:
        return {row["task_id"]: row["size"] for row in await (await connection.execute(sizes)).fetchall()}


@pytest.mark.parametrize("value", SIZES.values(), ids=SIZES)
async def test_a_batch_of_a_megabyte_is_sent_from_a_thread_and_a_smaller_one_is_not(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    threads: list[str] = []

    def noting(_: Sequence[Statement]) -> None:
        threads.append(threading.current_thread().name)

    watch_lines(monkeypatch, noting)
    watch_threads(monkeypatch, noting)
    async with pool.connection():
        pass
    saver = GroupCommitSaver(pool)
    await saver.aput_writes(AT, [("c", value)], "task")
    (name,) = threads
    assert name.startswith("quorum-saving-large") is (value is SIZES["aside"])
    assert (name == threading.main_thread().name) is (value is not SIZES["aside"])
    assert (await written(pool))["task"] >= len(value)


async def test_what_comes_with_a_batch_that_goes_aside_is_written_before_and_after_it_in_order(pool: Pool) -> None:
    async with pool.connection():
        pass
    saver = GroupCommitSaver(pool)
    large = SIZES["aside"]
    writes = [("__error__", large if number == 2 else "small") for number in range(5)]  # each in place of the last
    await asyncio.gather(*(saver.aput_writes(AT, [write], "task") for write in writes))
    assert (await written(pool))["task"] < 100
    await asyncio.gather(*(saver.aput_writes(AT, [write], "task") for write in writes[:3]))
    assert (await written(pool))["task"] >= len(large)


@pytest.mark.parametrize("value", SIZES.values(), ids=SIZES)
async def test_a_batch_whose_connection_is_cut_while_it_waits_for_the_answer_is_done_again(
    migrated_database: str, value: str
) -> None:
    async with (
        open_pool(migrated_database) as direct,
        proxied(migrated_database) as proxy,
        open_pool(proxy.dsn) as pool,
        direct.connection() as holder,
    ):
        async with pool.connection():
            pass
        saver = GroupCommitSaver(pool)
        async with holder.transaction():
            await holder.execute(LOCK)
            writing = asyncio.create_task(saver.aput_writes(AT, [("c", value)], "task"))
            await blocked(direct)
            proxy.cut()
            async with asyncio.timeout(10):
                while not saver.statistics().retries:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.001)
            assert not writing.done()
        await asyncio.wait_for(writing, 20)
        assert (await written(direct))["task"] >= len(value)


@pytest.mark.parametrize("where", ["half", "answer"])
@pytest.mark.parametrize("value", SIZES.values(), ids=SIZES)
async def test_a_batch_that_is_cut_off_while_it_is_sent_or_just_when_it_is_stored_is_done_again(
    migrated_database: str, value: str, where: Cut
) -> None:
    async with proxied(migrated_database) as proxy, open_pool(proxy.dsn) as pool:
        async with pool.connection():
            pass
        saver = GroupCommitSaver(pool)
        proxy.trap = trap = Trap(b"INSERT INTO checkpoint_writes", where)
        await asyncio.wait_for(saver.aput_writes(AT, [("c", value)], "task"), 20)
        assert trap.sprung.is_set()
        assert saver.statistics().retries >= 1
        assert (await written(pool))["task"] >= len(value)


def test_a_loop_that_ends_while_a_batch_is_under_way_ends_soon_and_leaves_nothing(
    migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[tuple[bool, bool]] = []
    close = Line.close

    def closed(line: Line) -> None:
        close(line)
        loop = asyncio.get_running_loop()
        left.append((bool(loop.remove_reader(line._socket)), bool(loop.remove_writer(line._socket))))

    monkeypatch.setattr(Line, "close", closed)
    ends: list[BaseException] = []

    async def broken_off() -> None:
        stack = AsyncExitStack()  # nobody closes it: the loop ends in the middle
        pool = await stack.enter_async_context(open_pool(migrated_database))
        async with pool.connection():
            pass
        saver = GroupCommitSaver(pool)
        writing = asyncio.create_task(saver.aput_writes(AT, [("c", 1)], "task"))
        writing.add_done_callback(lambda _: ends.append(asyncio.CancelledError()))
        async with open_pool(migrated_database) as other:
            await blocked(other)

    with psycopg.connect(migrated_database) as holder:
        holder.execute(LOCK)
        ending = threading.Thread(target=asyncio.run, args=(broken_off(),), daemon=True)
        ending.start()
        ending.join(20)
        assert not ending.is_alive()
    assert left == [(False, False)]
    assert len(ends) == 1
    with psycopg.connect(migrated_database, autocommit=True) as looking:  # the server was told, too
        assert looking.execute("SELECT FROM checkpoint_writes").rowcount == 0
