"""Little plain values and what took little last time are encoded at once; all else, and what is sealed, in a thread."""

import asyncio
import threading
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.types import Send

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.saving.serializer import StrictSerializer
from langgraph_quorum.orchestration.persistence.saving.weight import QUICK_S, Paces, is_light
from langgraph_quorum.orchestration.persistence.sealing import Place
from tests.persistence.saving.toy_sealer import ToySealer

AT: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}


class Watched(StrictSerializer):
    """Remembers in which threads it was asked to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[str] = []

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        self.threads.append(threading.current_thread().name)
        return super().dumps_typed(obj)


def holding(value: object) -> Any:
    return {**empty_checkpoint(), "channel_values": {"c": value}}


@pytest.mark.parametrize(
    ("value", "light"),
    [
        (None, True),
        ({"status": "succeeded", "quality": 0.8, "result": {"findings": ["a" * 100] * 10}}, True),
        (list(range(50)), True),
        (list(range(500)), False),
        ("a" * 5000, False),
        ([["a" * 500]] * 10, False),
        ({n: {"n": list(range(10))} for n in range(20)}, False),
        (Send("node", {"n": 1}), True),
        (Send("node", {"n": ["a"] * 500}), False),
        (Send("node", 1, timeout=2.0), False),
        (object(), False),
    ],
)
def test_what_is_light(value: object, light: bool) -> None:
    assert is_light([("c", value)]) is light


async def test_what_is_not_light_is_encoded_in_a_thread(pool: Pool) -> None:
    saver = GroupCommitSaver(pool)
    saver.serde = watched = Watched()
    await saver.aput_writes(AT, [("c", 1)], "light")
    assert watched.threads == [threading.main_thread().name]
    watched.threads.clear()
    await saver.aput_writes(AT, [("other", list(range(1000)))], "heavy")
    await saver.aput(AT, holding(list(range(1000))), {}, {"c": "1"})
    assert [name.startswith("quorum-encoding") for name in watched.threads] == [True, True]


async def test_what_took_little_the_last_time_is_encoded_at_once_until_it_has_grown(pool: Pool) -> None:
    saver = GroupCommitSaver(pool)
    saver.serde = watched = Watched()
    for number, count in enumerate((1000, 2000, 4001, 4001)):
        await saver.aput_writes(AT, [("c", list(range(count)))], f"task-{number}")
    assert [name.startswith("quorum-encoding") for name in watched.threads] == [True, False, True, False]


def test_only_what_took_less_than_a_millisecond_is_quick_and_only_in_the_same_channels() -> None:
    paces, parts = Paces(), [("a", "x" * 9000), ("b", object())]
    assert not paces.is_quick(parts)
    paces.note(parts, QUICK_S)
    assert not paces.is_quick(parts)
    paces.note(parts, QUICK_S / 2)
    assert paces.is_quick([*parts[::-1]])
    assert not paces.is_quick(parts[:1])
    paces.note([], 0.0)
    assert not paces.is_quick([])


@pytest.mark.parametrize(
    ("versions", "metadata"),
    [({"c": "1"}, {"writer": "a" * 5000}), ({f"c{n}": "1" for n in range(500)}, {})],
    ids=["much metadata", "many channels"],
)
async def test_a_checkpoint_of_much_beside_its_values_is_encoded_in_a_thread(
    pool: Pool, versions: Any, metadata: Any
) -> None:
    saver = GroupCommitSaver(pool)
    saver.serde = watched = Watched()
    checkpoint = holding([1])
    checkpoint["channel_versions"] = versions
    await saver.aput(AT, checkpoint, metadata, {"c": "1"})
    assert [name.startswith("quorum-encoding") for name in watched.threads] == [True]


async def test_a_checkpoint_of_little_is_encoded_at_once(pool: Pool) -> None:
    saver = GroupCommitSaver(pool)
    saver.serde = watched = Watched()
    await saver.aput(AT, holding([1]), {}, {"c": "1"})
    assert watched.threads == [threading.main_thread().name]


async def test_sealing_is_done_in_a_thread(pool: Pool) -> None:
    threads: list[str] = []

    class Watching(ToySealer):
        def seal(self, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
            threads.append(threading.current_thread().name)
            return super().seal(place, kind, data)

        def unseal(self, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
            threads.append(threading.current_thread().name)
            return super().unseal(place, kind, data)

    saver = GroupCommitSaver(pool, sealer=Watching())
    await saver.aput_writes(AT, [("c", 1)], "task")
    config = await saver.aput(AT, empty_checkpoint(), {}, {})
    assert await saver.aget_tuple(config) is not None
    assert len(threads) == 3
    assert threading.main_thread().name not in threads


async def test_calls_of_a_thread_keep_their_order_and_others_do_not_wait(pool: Pool) -> None:
    """A heavy value first, held up in its thread; a light one of the same run, and one of another, after it."""
    released = threading.Event()

    class Slow(StrictSerializer):
        def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
            if isinstance(obj, Send):
                released.wait(10)
            return super().dumps_typed(obj)

    saver = GroupCommitSaver(pool)
    saver.serde = Slow()
    other: Any = {"configurable": {**AT["configurable"], "thread_id": "other"}}
    heavy = asyncio.create_task(saver.aput_writes(AT, [("__error__", Send("first", [1] * 500))], "task"))
    light = asyncio.create_task(saver.aput_writes(AT, [("__error__", "second")], "task"))
    await asyncio.wait_for(saver.aput_writes(other, [("c", 1)], "task"), 5)
    assert not heavy.done()
    assert not light.done()
    released.set()
    await asyncio.gather(heavy, light)
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT blob FROM checkpoint_writes WHERE thread_id = 't'")).fetchall()
    assert [saver.serde.loads_typed(("msgpack", row["blob"])) for row in rows] == ["second"]
