"""The official saver and ours take turns on one thread, and no value is lost between them."""

import uuid
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver

LARGE = "large text \u00e9" * 1000


class State(TypedDict, total=False):
    """A large text, and an answer for each question."""

    text: str
    small: str
    answers: list[str]


def ask(state: State) -> State:
    return {"answers": [*state.get("answers", []), interrupt("go on?")]}


def graph_on(saver: AsyncPostgresSaver) -> Any:
    builder = StateGraph(State)
    for name in ("first", "second", "third"):
        builder.add_node(name, ask)
    builder.add_edge(START, "first").add_edge("first", "second").add_edge("second", "third")
    return builder.compile(checkpointer=saver)


@pytest.mark.parametrize("order", ["official ours official ours", "ours official ours official"])
async def test_a_run_is_resumed_by_either_saver(
    official: AsyncPostgresSaver, saver: GroupCommitSaver, order: str
) -> None:
    config: RunnableConfig = {"configurable": {"thread_id": uuid.uuid4().hex}}
    graphs = [graph_on(official if name == "official" else saver) for name in order.split()]
    await graphs[0].ainvoke({"text": LARGE, "small": "little"}, config)
    for turn, graph in enumerate(graphs[1:]):
        await graph.ainvoke(Command(resume=f"answer {turn}"), config)
    expected = {"text": LARGE, "small": "little", "answers": ["answer 0", "answer 1", "answer 2"]}
    for saver_now in (official, saver):
        graph = graph_on(saver_now)
        assert (await graph.aget_state(config)).values == expected
        history = [state.values.get("text") async for state in graph.aget_state_history(config)]
        assert history == [LARGE] * (len(history) - 1) + [None]  # before its input, the run holds nothing


async def test_an_unchanged_text_that_was_inline_is_stored_once(
    pool: Pool, official: AsyncPostgresSaver, saver: GroupCommitSaver
) -> None:
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    checkpoint: Any = {**empty_checkpoint(), "channel_values": {"text": LARGE}, "channel_versions": {"text": "1"}}
    config = await official.aput(config, checkpoint, {}, {"text": "1"})
    sent = []
    for _ in range(3):
        before = saver.statistics().size_bytes
        unchanged: Any = {**checkpoint, "id": empty_checkpoint()["id"]}
        config = await saver.aput(config, unchanged, {}, {})
        sent.append(saver.statistics().size_bytes - before)
    unchanged = {**checkpoint, "id": empty_checkpoint()["id"]}
    config = await official.aput(config, unchanged, {}, {})
    held = [item.checkpoint["channel_values"] async for item in official.alist({"configurable": {"thread_id": "t"}})]
    assert held == [{"text": LARGE}] * 5
    assert sent[0] > len(LARGE)
    assert max(sent[1:]) < 1000
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) AS n FROM checkpoint_blobs")).fetchone()
    assert row == {"n": 1}


async def test_a_text_is_stored_anew_after_its_thread_was_deleted(saver: GroupCommitSaver) -> None:
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    checkpoint: Any = {**empty_checkpoint(), "channel_values": {"text": LARGE}, "channel_versions": {"text": "1"}}
    for _ in range(2):
        await saver.aput(config, checkpoint, {}, {"text": "1"})
        found = await saver.aget_tuple(config)
        assert found is not None
        assert found.checkpoint["channel_values"] == {"text": LARGE}
        await saver.adelete_thread("t")


async def test_a_large_text_that_is_kept_through_many_steps_is_stored_once(saver: GroupCommitSaver, pool: Pool) -> None:
    class Loop(TypedDict, total=False):
        text: str
        step: int

    builder = StateGraph(Loop)
    builder.add_node("step", lambda state: {"step": state.get("step", 0) + 1})
    builder.add_edge(START, "step")
    builder.add_conditional_edges("step", lambda state: "step" if state["step"] < 20 else "__end__")
    graph: Any = builder.compile(checkpointer=saver)
    await graph.ainvoke({"text": "x" * 1_000_000}, {"configurable": {"thread_id": "t"}})
    # The input and the channel of the first step hold the text; without blobs, each of 21 checkpoints would too.
    assert saver.statistics().size_bytes < 4_000_000
