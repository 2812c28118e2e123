"""Whatever befalls a batch, its connection is nobody's trap afterwards."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.saving.line import Line
from langgraph_quorum.orchestration.persistence.saving.transaction import ASIDE_BYTES
from tests.outages.mishaps import terminate

AT: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}


@pytest.fixture
async def single(migrated_database: str) -> AsyncIterator[Pool]:
    """A pool of one connection, which was in use a moment ago."""
    async with open_pool(migrated_database, max_size=1) as pool:
        async with pool.connection():
            pass
        yield pool


@pytest.mark.parametrize("value", ["a", "a" * ASIDE_BYTES], ids=["on the line", "aside"])
async def test_a_name_that_cannot_be_encoded_fails_alone_and_its_connection_can_be_used_again(
    single: Pool, value: str
) -> None:
    """Such as a thread that somebody names by half of a character."""
    saver = GroupCommitSaver(single)
    with pytest.raises(UnicodeEncodeError):
        await saver.aput_writes(AT, [("c", value)], "\ud800")
    assert await asyncio.wait_for(saver.aget_tuple(AT), 3) is None  # it is read on the same connection
    await asyncio.wait_for(saver.aput_writes(AT, [("c", 1)], "task"), 3)


async def test_whoever_gets_the_number_of_a_broken_connections_socket_is_told_of_its_own(
    single: Pool, migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libpq closes a socket that breaks; the next one that is opened has its number."""
    answers, told, newcomers = Line.answers, asyncio.Event(), list[socket.socket]()
    loop = asyncio.get_running_loop()

    def newcomer(number: int) -> None:
        newcomers.extend(socket.socketpair())
        newcomers.sort(key=lambda one: one.fileno() != number)
        assert newcomers[0].fileno() == number
        loop.add_reader(newcomers[0], told.set)
        newcomers[1].send(b"x")

    def breaking(line: Line) -> list[int] | None:
        try:
            return answers(line)
        except Exception:
            loop.call_soon(newcomer, line._socket)
            raise

    monkeypatch.setattr(Line, "answers", breaking)
    saver = GroupCommitSaver(single)
    saver._committer._writer.linger_s = 60.0
    await saver.aput_writes(AT, [("c", 1)], "task")
    await terminate(migrated_database)
    try:
        await asyncio.wait_for(told.wait(), 5)
    finally:
        for one in newcomers:
            loop.remove_reader(one)
            one.close()
