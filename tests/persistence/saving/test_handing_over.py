"""A call is handed over when it is made, and tells how it fared when it is awaited, however much later that is."""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.entrance import EARLY_CALLS
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.state.errors import ChannelValueError
from tests.persistence.saving.begun import watch_lines

AT: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}


@pytest.fixture
async def saver(pool: Pool) -> GroupCommitSaver:
    """Its pool has a connection that was in use a moment ago, so that nobody asks first whether it lives."""
    async with pool.connection():
        pass
    return GroupCommitSaver(pool)


@pytest.fixture
async def turned(saver: GroupCommitSaver) -> GroupCommitSaver:
    """It has its connection, and waits for what follows."""
    saver._committer._writer.linger_s = 60.0
    await saver.aput_writes(AT, [("c", 0)], "first")
    return saver


@pytest.fixture
def stored(migrated_database: str) -> Iterator[Callable[[], int]]:
    """How many writes are stored; looking blocks the loop."""
    with psycopg.Connection.connect(migrated_database, autocommit=True) as connection:
        yield lambda: connection.execute("SELECT FROM checkpoint_writes").rowcount


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it comes to be so while the loop is busy."""
    until = time.monotonic() + 10
    while not is_so() and time.monotonic() < until:
        time.sleep(0.005)
    return is_so()


async def settled(saver: GroupCommitSaver) -> None:
    """Until all calls have ended."""
    async with asyncio.timeout(10):
        while saver.statistics().waiting:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.001)


async def test_what_was_begun_is_stored_while_the_loop_is_busy(
    saver: GroupCommitSaver, stored: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    watch_lines(monkeypatch, begun.append)
    writing = asyncio.create_task(saver.aput_writes(AT, [("c", 1)], "task"))
    async with asyncio.timeout(10):
        while not begun:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
    assert soon(lambda: stored() == 1)
    assert not writing.done()
    await writing


async def test_with_a_connection_at_hand_what_was_handed_over_is_sent_at_the_end_of_the_turn(
    turned: GroupCommitSaver, stored: Callable[[], int]
) -> None:
    writing = turned.aput_writes(AT, [("c", 1)], "task")
    await asyncio.sleep(0)
    assert soon(lambda: stored() == 2)
    await writing


async def test_a_call_is_handed_over_when_it_is_made_and_not_when_it_is_awaited(
    saver: GroupCommitSaver, stored: Callable[[], int]
) -> None:
    writing = saver.aput_writes(AT, [("c", 1)], "task")
    assert saver.statistics().waiting == 1
    await settled(saver)
    assert stored() == 1
    await writing


async def test_of_many_calls_in_one_turn_the_first_are_stored_before_it_ends(
    turned: GroupCommitSaver, stored: Callable[[], int]
) -> None:
    writing = [turned.aput_writes(AT, [("c", n)], f"task-{n}") for n in range(EARLY_CALLS + 44)]
    assert soon(lambda: stored() > 1)  # nothing was awaited up to here
    assert stored() == 1 + EARLY_CALLS
    await asyncio.gather(*writing)
    assert stored() == 1 + EARLY_CALLS + 44
    assert turned.statistics().flushes == 3


async def test_fewer_calls_than_that_are_not_sent_before_the_turn_ends(
    turned: GroupCommitSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    watch_lines(monkeypatch, begun.append)
    writing = [turned.aput_writes(AT, [("c", n)], f"task-{n}") for n in range(EARLY_CALLS - 1)]
    assert not begun
    await asyncio.gather(*writing)
    assert len(begun) == 1


async def test_who_comes_to_wait_for_what_was_answered_in_the_same_turn_does_not_wait(
    turned: GroupCommitSaver,
) -> None:
    writing = [turned.aput_writes(AT, [("c", n)], f"task-{n}") for n in range(EARLY_CALLS)]

    def is_answered() -> bool:
        more = len(writing)  # what the server has answered is looked at when more comes
        writing.extend(turned.aput_writes(AT, [("c", n)], f"task-{n}") for n in range(more, more + 64))
        return turned.statistics().flushes > 1

    assert soon(is_answered)
    with pytest.raises(StopIteration):  # it returns without having yielded to the loop
        writing[0].send(None)
    await asyncio.gather(*writing[1:])


@pytest.mark.parametrize(
    ("value", "task", "error"),
    [
        (math.nan, "task", ChannelValueError),
        (["a" * 5000, print], "task", ChannelValueError),
        (1, "task\x00", psycopg.DataError),
    ],
    ids=["seen at once", "seen in a thread", "seen by Postgres"],
)
async def test_an_error_waits_until_its_call_is_awaited(
    saver: GroupCommitSaver, value: object, task: str, error: type[Exception]
) -> None:
    writing = saver.aput_writes(AT, [("odd", value)], task)
    await saver.aput_writes(AT, [("c", 1)], "another")
    await settled(saver)
    with pytest.raises(error):
        await writing


async def test_what_is_no_call_fails_alone_among_those_of_its_turn(saver: GroupCommitSaver) -> None:
    wrong: Any = [("c",)]
    writing = [
        saver.aput_writes(AT, writes, name) for name, writes in (("a", [("c", 1)]), ("b", wrong), ("c", [("c", 1)]))
    ]
    ended = await asyncio.wait_for(asyncio.gather(*writing, return_exceptions=True), 10)
    assert [type(one) for one in ended] == [type(None), ChannelValueError, type(None)]
