"""With a sealer nothing of the state is readable in the tables, and nothing can be moved to another place."""

import json
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.containment import contains
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.sealing import Place
from langgraph_quorum.state.errors import SealError
from tests.persistence.saving.drawn_calls import contents
from tests.persistence.saving.toy_sealer import KIND, ToySealer

SECRET = "hunter2"
THREAD: Any = {"configurable": {"thread_id": "t"}}


class State(TypedDict, total=False):
    """Values of every kind that is stored in a way of its own."""

    text: str
    number: float
    truth: bool
    nothing: None
    notes: list[str]


def ask(state: State) -> State:
    return {"notes": [*state.get("notes", []), SECRET, interrupt(f"is it {SECRET}?")]}


def graph_on(saver: GroupCommitSaver) -> Any:
    return StateGraph(State).add_node("ask", ask).add_edge(START, "ask").compile(checkpointer=saver)


@pytest.fixture
async def sealed(pool: Pool) -> GroupCommitSaver:
    return GroupCommitSaver(pool, sealer=ToySealer())


@pytest.fixture
async def graph(sealed: GroupCommitSaver) -> Any:
    built = graph_on(sealed)
    given = {"text": SECRET, "number": 0.5, "truth": True, "nothing": None}
    await built.ainvoke(given, {**THREAD, "metadata": {"user": SECRET}})
    await built.ainvoke(Command(resume=SECRET), {**THREAD, "metadata": {"user": SECRET}})
    return built


async def test_a_run_is_read_back_as_it_was(graph: Any) -> None:
    state = await graph.aget_state(THREAD)
    assert state.values == {
        "text": SECRET,
        "number": 0.5,
        "truth": True,
        "nothing": None,
        "notes": [SECRET, SECRET],
    }
    assert state.metadata["user"] == SECRET
    assert [item.values.get("text") async for item in graph.aget_state_history(THREAD)] == [SECRET, SECRET, None]


async def test_no_table_holds_a_value_in_clear(graph: Any, pool: Pool) -> None:
    held = await contents(pool, "t")
    assert all(row["type"] == KIND for table in ("checkpoint_blobs", "checkpoint_writes") for row in held[table])
    assert all(row["checkpoint"]["channel_values"] == {} for row in held["checkpoints"])
    assert all(set(row["metadata"]) <= {"sealed", "parents"} for row in held["checkpoints"])
    assert SECRET not in str(held)


async def test_places_bind_the_whole_primary_key(pool: Pool) -> None:
    sealer = ToySealer()
    saver = GroupCommitSaver(pool, sealer=sealer)
    checkpoint: Any = {**empty_checkpoint(), "channel_values": {"a": 1}, "channel_versions": {"a": "7"}}
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "ns"}}
    config = await saver.aput(config, checkpoint, {}, {"a": "7"})
    await saver.aput_writes(config, [("b", 1), ("c", 2)], "task")
    assert sealer.sealed == [
        Place("checkpoint_blobs", "t", ("ns", "a", "7")),
        Place("checkpoints", "t", ("ns", checkpoint["id"], "metadata")),
        Place("checkpoint_writes", "t", ("ns", checkpoint["id"], "task", "0", "b")),
        Place("checkpoint_writes", "t", ("ns", checkpoint["id"], "task", "1", "c")),
    ]


@pytest.mark.parametrize(
    "forgery",
    [
        """UPDATE checkpoint_blobs SET blob = (SELECT blob FROM checkpoint_blobs WHERE channel = 'text' LIMIT 1)
        WHERE channel = 'notes'""",
        "UPDATE checkpoint_blobs SET type = 'json', blob = '[]' WHERE channel = 'notes'",
        "UPDATE checkpoint_blobs SET type = 'empty', blob = NULL WHERE channel = 'notes'",
        """UPDATE checkpoints SET checkpoint = jsonb_set(checkpoint, '{channel_values}', '{"extra": true}')""",
        """UPDATE checkpoints SET metadata = '{"step": 1}'""",
        "UPDATE checkpoints SET metadata = (SELECT metadata FROM checkpoints ORDER BY checkpoint_id LIMIT 1)",
    ],
    ids=["blob swapped", "blob in clear", "blob emptied", "value in clear", "metadata in clear", "metadata swapped"],
)
async def test_a_forged_checkpoint_is_an_error(graph: Any, pool: Pool, forgery: str) -> None:
    async with pool.connection() as connection:
        await connection.execute(forgery.encode())
    with pytest.raises(SealError):
        await graph.aget_state(THREAD)


async def test_a_write_that_was_moved_is_an_error(sealed: GroupCommitSaver, pool: Pool) -> None:
    config = await sealed.aput({"configurable": {"thread_id": "t", "checkpoint_ns": ""}}, empty_checkpoint(), {}, {})
    await sealed.aput_writes(config, [("a", 1)], "task")
    async with pool.connection() as connection:
        await connection.execute("UPDATE checkpoint_writes SET task_id = 'other'")
    with pytest.raises(SealError):
        await sealed.aget_tuple(config)


async def test_metadata_is_filtered_after_it_was_opened(sealed: GroupCommitSaver) -> None:
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    for step in range(6):
        metadata: Any = {"step": step, "tags": [step % 2, "x"], "nested": {"even": step % 2 == 0, "n": step}}
        config = await sealed.aput(config, empty_checkpoint(), metadata, {})

    async def steps(**options: Any) -> list[int]:
        return [item.metadata["step"] async for item in sealed.alist(THREAD, **options)]

    assert await steps() == [5, 4, 3, 2, 1, 0]
    assert await steps(filter={"nested": {"even": True}}) == [4, 2, 0]
    assert await steps(filter={"nested": {"even": True}}, limit=2) == [4, 2]
    assert await steps(filter={"nested": {"even": True}}, limit=0) == []
    assert await steps(filter={"tags": ["x", 1]}) == [5, 3, 1]
    assert await steps(filter={"step": True}) == []  # True is not 1 in JSON


@pytest.mark.parametrize(
    "asked", [{"a": 1}, {"a": True}, {"b": [2]}, {"b": []}, {"b": 1}, {"c": {}}, {"c": {"d": None}}, {}]
)
@pytest.mark.parametrize(
    "held", [{"a": 1, "b": [1, 2]}, {"a": 1.0, "b": 1}, {"c": {"d": None}}, {"c": {"e": 1}, "a": True}]
)
async def test_the_filter_agrees_with_postgres(pool: Pool, held: Any, asked: Any) -> None:
    async with pool.connection() as connection:
        sql = b"SELECT %s::jsonb @> %s::jsonb AS found"
        row = await (await connection.execute(sql, [json.dumps(held), json.dumps(asked)])).fetchone()
    assert row == {"found": contains(held, asked)}
