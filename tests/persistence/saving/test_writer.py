"""A writer keeps a connection and begins batch after batch; where it cannot, or something is wrong, patience helps."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint

from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.saving import line, transaction, writer
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.saving.line import Line
from langgraph_quorum.orchestration.persistence.saving.pipelined import Pipelined, RefusedError
from langgraph_quorum.state.errors import DatabaseError
from tests.persistence.saving.begun import watch_lines
from tests.persistence.saving.waits import blocked, handed_over

TASKS = b"SELECT task_id FROM checkpoint_writes"


def at(thread_id: str) -> Any:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": "c"}}


async def tasks_in(pool: Pool) -> set[str]:
    async with pool.connection() as connection:
        return {row["task_id"] for row in await (await connection.execute(TASKS)).fetchall()}


@pytest.fixture
async def saver(pool: Pool) -> GroupCommitSaver:
    """Its pool has three connections that were in use a moment ago, so that nobody asks first whether they live."""
    async with pool.connection(), pool.connection(), pool.connection():
        return GroupCommitSaver(pool)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements each batch had that was begun on the event loop."""
    seen: list[int] = []
    watch_lines(monkeypatch, lambda statements: seen.append(len(statements)))
    return seen


async def test_what_comes_meanwhile_follows_together_on_the_same_connection(
    pool: Pool, saver: GroupCommitSaver, begun: list[int]
) -> None:
    async with pool.connection() as holder, holder.transaction():
        await holder.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
        calls = [asyncio.create_task(saver.aput_writes(at("t"), [("c", 1)], "first"))]
        await blocked(pool)
        calls += [asyncio.create_task(saver.aput_writes(at("t"), [("c", n)], f"task-{n}")) for n in range(5)]
        await handed_over(saver, 6)
        await asyncio.sleep(0)
        requests = pool.statistics().requests
    await asyncio.gather(*calls)
    assert begun == [1, 1]
    assert pool.statistics().requests == requests


async def test_with_no_connection_free_it_waits_for_one(pool: Pool, saver: GroupCommitSaver) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(pool.max_size):
            await stack.enter_async_context(pool.connection())
        writing = asyncio.create_task(saver.aput_writes(at("t"), [("c", 1)], "task"))
        await asyncio.sleep(0.05)
        assert not writing.done()
    await asyncio.wait_for(writing, 10)
    assert await tasks_in(pool) == {"task"}


async def test_on_a_connection_that_speaks_another_encoding_nothing_is_begun_and_all_is_written(
    database: str, pool: Pool, begun: list[int]
) -> None:
    async with open_pool(f"{database} client_encoding=latin1") as other:
        saver = GroupCommitSaver(other)
        await asyncio.gather(*(saver.aput_writes(at("t"), [("c", n)], f"täsk-{n}") for n in range(3)))
    assert await tasks_in(pool) == {"täsk-0", "täsk-1", "täsk-2"}
    assert begun == []


@pytest.mark.parametrize("step", ["begin", "answers"])
async def test_what_fails_while_it_is_written_is_done_again_with_patience(
    pool: Pool, saver: GroupCommitSaver, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    errors = [psycopg.OperationalError("gone"), RefusedError()]
    by_itself = getattr(Line, step)

    def failing(line: Line, *what: Any) -> Any:
        if step == "begin" or line.is_busy:
            raise errors.pop()
        return by_itself(line, *what)

    monkeypatch.setattr(Line, step, failing)
    await saver.aput_writes(at("t"), [("c", 1)], "one")
    await saver.aput_writes(at("t"), [("c", 1)], "two")
    assert await tasks_in(pool) == {"one", "two"}
    assert saver.statistics().retries == 1  # what broke the connection; a statement that fails is no retry


async def test_many_writes_are_taken_for_the_first_of_their_task_until_the_server_says_otherwise(
    pool: Pool, saver: GroupCommitSaver, begun: list[int]
) -> None:
    many = transaction.FIRST_ROWS
    await saver.aput_writes(at("t"), [("c", 0)] * many, "task")
    await saver.aput_writes(at("t"), [("c", 1)] * (many + 2), "task")
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT idx, blob FROM checkpoint_writes ORDER BY idx")).fetchall()
    assert [row["blob"] for row in rows] == [b"\x00"] * many + [b"\x01"] * 2  # what was there has stayed
    assert begun == [1, 1]
    assert saver.statistics().retries == 0


async def test_much_that_was_there_already_goes_aside_again_and_not_over_the_loop(
    pool: Pool, saver: GroupCommitSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    many, size = transaction.FIRST_ROWS, transaction.ASIDE_BYTES // transaction.FIRST_ROWS
    await saver.aput_writes(at("t"), [("c", "x" * size)] * many, "task")
    monkeypatch.delattr(transaction, "_carry_out")  # which would send it from the loop
    await saver.aput_writes(at("t"), [("c", "y" * size)] * (many + 1), "task")
    async with pool.connection() as connection:
        rows = await (
            await connection.execute("SELECT substr(blob, length(blob)) AS last FROM checkpoint_writes")
        ).fetchall()
    assert sorted(row["last"] for row in rows) == [b"x"] * many + [b"y"]


async def test_a_batch_without_an_answer_in_time_fails_and_the_next_one_is_written(
    pool: Pool, saver: GroupCommitSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pool.connection() as holder, holder.transaction():
        await holder.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
        monkeypatch.setattr(writer, "ATTEMPT_S", 0.0)
        with pytest.raises(DatabaseError, match="storing checkpoints: Postgres does not answer in time"):
            await saver.aput_writes(at("t"), [("c", 1)], "late")
        monkeypatch.undo()
    await saver.aput(at("t"), empty_checkpoint(), {}, {})
    assert saver.statistics().waiting == 0


async def test_a_closed_saver_still_writes_what_needs_no_thread(pool: Pool, saver: GroupCommitSaver) -> None:
    saver.close()
    await saver.aput_writes(at("t"), [("c", 1)], "task")
    assert await tasks_in(pool) == {"task"}


async def test_its_connection_is_given_back_when_the_saver_is_closed(pool: Pool, saver: GroupCommitSaver) -> None:
    await saver.aput_writes(at("t"), [("c", 1)], "task")
    saver.close()
    async with asyncio.timeout(5):
        while pool.statistics().idle < pool.statistics().size:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
    assert pool.statistics().idle == pool.statistics().size


async def test_nothing_goes_on_once_the_pool_is_closed(database: str) -> None:
    async with open_pool(database) as pool:
        async with pool.connection(), pool.connection(), pool.connection():
            saver = GroupCommitSaver(pool)
        await saver.setup()
        await saver.aput_writes(at("t"), [("c", 1)], "task")
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert "quorum:saving" in {task.get_name() for task in others}  # it keeps its connection for a moment
    assert not {task for task in asyncio.all_tasks() if task.get_name() == "quorum:saving"}


async def test_where_the_server_forgets_what_it_has_prepared_all_is_written_and_nothing_more_prepared(
    database: str, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler of transactions that nobody has told us of."""
    known: list[int | None] = []

    def noting(pgconn: Any, statements: Any, prepared: set[bytes] | None) -> Pipelined:
        known.append(None if prepared is None else len(prepared))
        return Pipelined(pgconn, statements, prepared)

    monkeypatch.setattr(line, "Pipelined", noting)
    async with open_pool(database, max_size=1) as single:
        saver = GroupCommitSaver(single)
        for task in ("first", "second", "third"):
            await saver.aput_writes(at("t"), [("c", 1)], task)
            async with single.connection() as connection:
                await connection.execute("DEALLOCATE ALL")
    assert await tasks_in(pool) == {"first", "second", "third"}
    assert known == [0, 1, None]
