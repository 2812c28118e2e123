"""Reads that are asked for in one turn of the event loop: one statement, an answer each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.gathering import MOST, Gathering
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver


class Questions:
    """Answers a key with its double, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.arrived: asyncio.Queue[None] = asyncio.Queue()

    async def answer(self, keys: Sequence[int]) -> Mapping[int, list[int]]:
        self.asked.append([*keys])
        self.arrived.put_nowait(None)
        await self.go_on.wait()
        if 13 in keys:
            raise ValueError("thirteen")
        return {key: [2 * key] for key in keys if key != 404}


async def test_one_turn_is_one_question() -> None:
    questions = Questions()
    gathering = Gathering(questions.answer)
    assert await asyncio.gather(*map(gathering.ask, [1, 404, 2])) == [[2], None, [4]]
    assert questions.asked == [[1, 404, 2]]


async def test_the_next_turn_does_not_wait_for_the_last_ones_answer() -> None:
    questions = Questions()
    questions.go_on.clear()
    gathering = Gathering(questions.answer)
    first = asyncio.create_task(gathering.ask(1))
    await questions.arrived.get()
    second = asyncio.create_task(gathering.ask(2))
    await questions.arrived.get()
    questions.go_on.set()
    assert await first == [2]
    assert await second == [4]


async def test_a_question_has_an_end() -> None:
    questions = Questions()
    await asyncio.gather(*map(Gathering(questions.answer).ask, range(20, 20 + MOST + 1)))
    assert [len(keys) for keys in questions.asked] == [MOST, 1]


async def test_two_that_ask_the_same_have_an_answer_each() -> None:
    gathering = Gathering(Questions().answer)
    one, other = await asyncio.gather(gathering.ask(1), gathering.ask(1))
    assert one == other
    assert one is not other


async def test_who_goes_away_takes_nobody_along() -> None:
    questions = Questions()
    questions.go_on.clear()
    gathering = Gathering(questions.answer)
    leaves, stays = (asyncio.create_task(gathering.ask(key)) for key in (1, 2))
    await questions.arrived.get()
    leaves.cancel()
    questions.go_on.set()
    assert await stays == [4]
    assert leaves.cancelled()


async def test_an_error_reaches_all_that_asked_together() -> None:
    gathering = Gathering(Questions().answer)
    found = await asyncio.gather(gathering.ask(1), gathering.ask(13), return_exceptions=True)
    assert [str(error) for error in found] == ["thirteen", "thirteen"]
    assert await gathering.ask(1) == [2]


def of(thread_id: str, ns: str = "") -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ns}}


async def stored(saver: GroupCommitSaver, where: RunnableConfig, count: int) -> None:
    for step in range(count):
        checkpoint: Any = {**empty_checkpoint(), "v": 4}
        checkpoint["channel_values"] = {"n": step, "all": [*range(step)]}
        checkpoint["channel_versions"] = {"n": f"{step:03}", "all": f"{step:03}"}
        metadata: Any = {"source": "loop", "step": step}
        where = await saver.aput(where, checkpoint, metadata, checkpoint["channel_versions"])
    await saver.aput_writes(where, [("n", 7), ("all", "x")], "task")


async def test_threads_read_together_are_what_the_official_saver_reads(
    saver: GroupCommitSaver, official: AsyncPostgresSaver, pool: Pool
) -> None:
    places = [of("a"), of("b"), of("b", "inner:1"), of("never")]
    for count, where in enumerate(places[:3], 1):
        await stored(saver, where, count)
    before = pool.statistics().requests
    together = await asyncio.gather(*map(saver.aget_tuple, places))
    assert pool.statistics().requests == before + 1
    assert together == [await official.aget_tuple(where) for where in places]
    assert [found and found.checkpoint["channel_values"]["n"] for found in together] == [0, 1, 2, None]


async def test_a_thread_that_cannot_be_asked_for_fails_by_itself(saver: GroupCommitSaver) -> None:
    await stored(saver, of("fine"), 1)
    reads = saver.aget_tuple(of("fine")), saver.aget_tuple(of("not\0text"))
    found: list[Any] = await asyncio.gather(*reads, return_exceptions=True)
    assert found[0].checkpoint["channel_values"]["n"] == 0
    assert isinstance(found[1], psycopg.DataError)


async def test_a_checkpoint_of_an_old_langgraph_is_read_with_what_its_parent_sent(
    saver: GroupCommitSaver, official: AsyncPostgresSaver, pool: Pool
) -> None:
    await stored(saver, of("old"), 2)
    async with pool.connection() as connection:
        await connection.execute("""UPDATE checkpoints SET checkpoint = jsonb_set(checkpoint, '{v}', '3')""")
    found = await saver.aget_tuple(of("old"))
    assert found is not None
    assert found == await official.aget_tuple(of("old"))


async def test_a_connection_used_a_moment_ago_is_not_asked_whether_it_lives_and_a_dead_one_is_replaced(
    saver: GroupCommitSaver, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stored(saver, of("kept"), 1)
    checked: list[Any] = []
    real = type(pool).check_connection

    async def check(connection: Any) -> None:
        checked.append(connection)
        await real(connection)

    monkeypatch.setattr("psycopg_pool.AsyncConnectionPool.check_connection", check)
    assert await saver.aget_tuple(of("kept")) is not None
    assert checked == []
    async with await psycopg.AsyncConnection.connect(str(pool.conninfo), autocommit=True) as killer:
        await killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await saver.aget_tuple(of("kept")) is not None
    await stored(saver, of("after"), 1)
