"""Texts that were read lately are read once, held within a bound, and never mixed up."""

from __future__ import annotations

import asyncio

import pytest

from langgraph_quorum.nodes.artifacts.exchange import holds_large, holds_offloaded, offloaded, resolved
from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.nodes.artifacts.texts import Texts
from langgraph_quorum.state.artifacts import OFFLOADED, ArtifactRef
from langgraph_quorum.state.errors import ArtifactError
from tests.artifacts.stores import MISSING, TEXT, CountingArtifacts
from tests.nested import nested

GONE = ArtifactRef(artifact=MISSING["artifact"], size_bytes=3, media_type=OFFLOADED)


async def test_who_asks_while_a_text_is_being_read_waits_for_it() -> None:
    store, texts = CountingArtifacts(), Texts()
    ref = await store.put(b"one", media_type=OFFLOADED)
    assert await asyncio.gather(*(texts.read(ref, store) for _ in range(10))) == ["one"] * 10
    assert store.gets.total() == 1


async def test_a_reader_that_is_cancelled_does_not_take_the_text_from_the_others() -> None:
    store, texts = CountingArtifacts(), Texts()
    ref = await store.put(b"one", media_type=OFFLOADED)
    first, second = (asyncio.create_task(texts.read(ref, store)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "one"
    assert store.gets.total() == 1


async def test_a_read_that_failed_is_tried_again() -> None:
    store, texts = CountingArtifacts(), Texts()
    for _ in range(2):
        with pytest.raises(ArtifactError):
            await texts.read(GONE, store)
    assert store.gets.total() == 2


async def test_no_more_is_held_than_the_bound_and_the_longest_unused_goes_first() -> None:
    store, texts = CountingArtifacts(), Texts(capacity_bytes=10)
    a, b, c = [await store.put(text * 4, media_type=OFFLOADED) for text in (b"a", b"b", b"c")]
    large = await store.put(b"l" * 11, media_type=OFFLOADED)
    for ref in (a, b, a, c, large, a, b):  # c takes the place of b; large takes none
        await texts.read(ref, store)
        assert texts.bytes_held <= 10
    assert [store.gets[ref["artifact"]] for ref in (a, b, c, large)] == [1, 2, 1, 1]


def test_a_new_event_loop_does_not_wait_for_a_read_of_one_that_is_gone() -> None:
    class Hanging(MemoryArtifacts):
        hangs = True

        async def get(self, ref: ArtifactRef) -> bytes:
            if self.hangs:
                await asyncio.Event().wait()
            return await super().get(ref)

    store, texts = Hanging(), Texts()
    ref = asyncio.run(store.put(b"one", media_type=OFFLOADED))
    loop = asyncio.new_event_loop()
    reading = loop.create_task(texts.read(ref, store))
    loop.run_until_complete(asyncio.sleep(0.01))
    store.hangs = False
    assert asyncio.run(asyncio.wait_for(texts.read(ref, store), 5)) == "one"
    loop.run_until_complete(_stopped(reading, loop))
    loop.close()


async def _stopped(reading: asyncio.Task[str], loop: asyncio.AbstractEventLoop) -> None:
    rest = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(reading, *rest, return_exceptions=True)


@pytest.mark.parametrize(
    ("value", "large"),
    [
        ("x" * 1000, False),
        ("x" * 1001, True),
        ("é" * 500, False),  # 1000 bytes
        ("é" * 501, True),
        ("\U0001f600" * 251, True),
        ("\udc80" * 334, True),  # a lone surrogate takes three bytes
        ({"a": [{"b": ["small", "x" * 1001]}]}, True),
        ({"x" * 1001: 1}, False),  # keys stay
        ([1, None, 2.5, True, "small", {}, []], False),
    ],
)
async def test_a_text_is_large_by_its_bytes_and_comes_back_unchanged(value: object, large: bool) -> None:
    store = MemoryArtifacts()
    away = await offloaded(value, store, 1000)
    assert (holds_large(value, 1000), holds_offloaded(away), len(store)) == (large, large, int(large))
    assert (away is value) is not large
    assert await resolved(away, store) == value
    assert await offloaded(away, store, 1000) is away  # what is put away stays away


async def test_references_of_other_types_and_things_like_references_are_left_alone() -> None:
    store = MemoryArtifacts()
    own = await store.put(b"x", media_type=TEXT)
    values = [own, {"artifact": "a painting", "size_bytes": 3, "media_type": OFFLOADED}, {**GONE, "more": 1}]
    assert await resolved(values, store) is values


async def test_bytes_that_are_no_text_are_refused() -> None:
    store = MemoryArtifacts()
    ref = await store.put(b"\xff\xfe", media_type=OFFLOADED)
    with pytest.raises(ArtifactError, match="no text"):
        await resolved([ref], store)


async def test_values_of_any_depth_are_looked_through() -> None:
    deep = nested(5000, "small")
    assert not holds_large(deep, 1000)
    assert not holds_offloaded(deep)
