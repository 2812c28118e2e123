"""A value that cannot be stored fails its own call with the name of its channel, and nothing else."""

import asyncio
import math
from typing import Any

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.serde.types import ERROR, INTERRUPT, RESUME
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum.orchestration.persistence.saving.encoding import LARGE_CHARS
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.state.errors import ChannelValueError, ConfigurationError


def checkpoint_with(value: object) -> Any:
    return {**empty_checkpoint(), "channel_values": {"odd": value}, "channel_versions": {"odd": "1"}}


def at(thread_id: str) -> Any:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": "c"}}


POISON = {
    "NUL": "a\x00b",
    "NUL in a large text": "\x00" + "a" * LARGE_CHARS,
    "lone surrogate": "\ud800",
    "lone surrogate in a large text": "\ud800" + "a" * LARGE_CHARS,
    "NaN": float("nan"),
    "infinity": float("-inf"),
    "a number of 5000 digits": 10**5000,
    "a number of 70 bits in a list": [2**70],
    "a function in a list": [print],
}


@pytest.mark.parametrize("value", POISON.values(), ids=POISON)
async def test_a_checkpoint_that_cannot_be_stored_fails_alone(saver: GroupCommitSaver, value: object) -> None:
    calls = [saver.aput(at(f"t{n}"), checkpoint_with(value if n == 5 else n), {}, {"odd": "1"}) for n in range(10)]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [n for n, end in enumerate(ends) if isinstance(end, BaseException)] == [5]
    assert isinstance(ends[5], ChannelValueError)
    assert ends[5].channel == "odd"
    stored = [item async for item in saver.alist(None)]
    assert sorted(item.checkpoint["channel_values"]["odd"] for item in stored) == [0, 1, 2, 3, 4, 6, 7, 8, 9]


@pytest.mark.parametrize("value", [float("nan"), "\ud800"], ids=["NaN", "surrogate"])
async def test_metadata_that_cannot_be_stored_is_refused_by_name(saver: GroupCommitSaver, value: float | str) -> None:
    config: Any = {**at("t"), "metadata": {"who": value}}
    with pytest.raises(ConfigurationError, match=r"metadata\['who'\]"):
        await saver.aput(config, checkpoint_with(1), {}, {"odd": "1"})


async def test_a_thread_without_a_name_is_refused_for_all_such_callers_would_share_it(saver: GroupCommitSaver) -> None:
    graph = StateGraph(Measured).add_node("see", lambda _: {"seen": True}).add_edge(START, "see")
    config: Any = {"configurable": {"thread_id": None}}
    with pytest.raises(ConfigurationError, match="thread_id=None"):
        await graph.compile(checkpointer=saver).ainvoke({}, config)


@pytest.mark.parametrize("value", [[2**70], [print]], ids=["70 bits", "a function"])
async def test_a_write_that_cannot_be_stored_fails_alone(saver: GroupCommitSaver, value: object) -> None:
    calls = [saver.aput_writes(at("t"), [("odd", value if n == 5 else n)], f"task-{n}") for n in range(10)]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ends] == [*[type(None)] * 5, ChannelValueError, *[type(None)] * 4]


@pytest.mark.parametrize("value", POISON.values(), ids=POISON)
async def test_a_write_that_no_checkpoint_could_hold_is_refused_and_none_of_its_task_is_stored(
    saver: GroupCommitSaver, value: object
) -> None:
    await saver.aput(
        {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}, {**empty_checkpoint(), "id": "c"}, {}, {}
    )
    with pytest.raises(ChannelValueError) as refused:
        await saver.aput_writes(at("t"), [("even", 1), ("odd", value)], "task")
    assert refused.value.channel == "odd"
    stored = await saver.aget_tuple(at("t"))
    assert stored is not None
    assert stored.pending_writes == []


class UnspeakableError(Exception):
    """Its text is half of a character."""

    def __repr__(self) -> str:
        return "\ud800"


class DumbError(Exception):
    """It has no text at all."""

    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("channel", "value", "kept"),
    [
        (ERROR, ValueError("a\x00b\ud800"), "ValueError('a\\x00b\\ud800')"),
        (ERROR, UnspeakableError(), "\\ud800"),
        (ERROR, DumbError(), "DumbError(...)"),
        (RESUME, "a\x00b", "a\x00b"),
        (INTERRUPT, [math.inf], [math.inf]),
        ("__return__", math.inf, math.inf),
        ("odd", [math.inf, "a\x00b"], [math.inf, "a\x00b"]),
    ],
)
async def test_what_no_checkpoint_holds_as_json_is_stored_whatever_it_is(
    saver: GroupCommitSaver, channel: str, value: object, kept: object
) -> None:
    await saver.aput(
        {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}, {**empty_checkpoint(), "id": "c"}, {}, {}
    )
    await saver.aput_writes(at("t"), [(channel, value)], "task")
    stored = await saver.aget_tuple(at("t"))
    assert stored is not None
    assert stored.pending_writes == [("task", channel, kept)]


class Measured(TypedDict, total=False):
    """A graph's state: a value, and that a second node has seen it."""

    measure: float | str
    seen: bool


@pytest.mark.parametrize("value", [math.nan, math.inf, "a\x00b", "\ud800"], ids=["NaN", "infinity", "NUL", "surrogate"])
async def test_once_the_node_is_mended_a_thread_that_met_poison_goes_on(
    saver: GroupCommitSaver, value: float | str
) -> None:
    given = [value]

    def graph() -> Any:
        builder = StateGraph(Measured)
        builder.add_node("measure", lambda _: {"measure": given[0]})
        builder.add_node("see", lambda _: {"seen": True})
        builder.add_edge(START, "measure")
        builder.add_edge("measure", "see")
        return builder.compile(checkpointer=saver)

    config = RunnableConfig(configurable={"thread_id": "t"})
    with pytest.raises(ChannelValueError, match="measure"):
        await graph().ainvoke({}, config)
    given[0] = 0.5
    assert await graph().ainvoke(None, config) == {"measure": 0.5, "seen": True}


async def test_what_only_postgres_refuses_fails_alone_too(saver: GroupCommitSaver) -> None:
    writes = [saver.aput_writes(at("t"), [("c", n)], "task\x00" if n == 5 else f"task-{n}") for n in range(10)]
    writes.append(saver.aput_writes(at("t"), [("long" * 1000, 1)], "x" * 10_000_000))  # too long for an index
    writes.append(saver.aput(at("m"), checkpoint_with(1), {"step": [float("nan")]}, {}))  # type: ignore[arg-type, typeddict-item]
    ends = await asyncio.gather(*writes, return_exceptions=True)
    assert [n for n, end in enumerate(ends) if isinstance(end, psycopg.Error)] == [5, 10, 11]
    assert [n for n, end in enumerate(ends) if isinstance(end, Exception)] == [5, 10, 11]
    assert saver.statistics().retries == 0
