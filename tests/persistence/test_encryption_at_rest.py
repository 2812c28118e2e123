"""What a run with encryption leaves in the database: nothing readable, nothing that can be swapped, nothing plain."""

import base64
import operator
from typing import Annotated, Any

import psycopg
import pytest
from langchain_core.messages import AnyMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict

from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.keys import Keys
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.state.errors import SealError

MARKER = "the-marker-of-a-secret"
SEALER = Encryption(Keys("old", {"old": b"o" * 32}))


class State(TypedDict, total=False):
    """Every way in which a value is stored: inline, large, as an object, in a Send, in an interrupt, as an error."""

    text: str
    large: str
    number: int
    yes: bool
    messages: Annotated[list[AnyMessage], add_messages]
    parts: Annotated[list[Any], operator.add]


def config(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}, "metadata": {"user": MARKER}}


def ask(state: State) -> State:
    return {"messages": [HumanMessage(interrupt({"question": MARKER}) + state["text"])]}


def fan(state: State) -> list[Send]:
    return [Send("work", {"text": state["text"], "number": n}) for n in range(3)]


def work(state: State) -> State:
    if state["number"] == 2:
        raise RuntimeError(state["text"])
    return {"parts": [{"deep": [state["text"]]}], "number": state["number"]} if state["number"] else {"parts": []}


async def run_graph(pool: Pool, thread_id: str, sealer: Encryption | None = SEALER) -> dict[str, Any]:
    """Interrupted once, failed once: leaves pending writes of both kinds."""
    builder = StateGraph(State)
    builder.add_node("ask", ask)
    builder.add_node("work", work)
    builder.add_edge(START, "ask")
    builder.add_conditional_edges("ask", fan, ["work"])
    graph = builder.compile(checkpointer=make_saver(pool, sealer=sealer))
    start: State = {"text": MARKER, "large": MARKER * 1000, "number": 7, "yes": True}
    one_by_one: RunnableConfig = {**config(thread_id), "max_concurrency": 1}  # the last fails, when the others are done
    await graph.ainvoke(start, one_by_one)
    with pytest.raises(RuntimeError):
        await graph.ainvoke(Command(resume=MARKER), one_by_one)
    return await values(pool, thread_id, sealer)


async def values(pool: Pool, thread_id: str, sealer: Encryption | None = SEALER) -> dict[str, Any]:
    found = await make_saver(pool, sealer=sealer).aget_tuple(config(thread_id))
    assert found is not None
    return {
        "values": found.checkpoint["channel_values"],
        "metadata": found.metadata,
        "writes": sorted(f"{channel}: {value!r}" for _, channel, value in found.pending_writes or []),
    }


def readable(database: str, word: str) -> list[str]:
    """The columns of any table in which a word stands: as text, as bytes, or as base64 at any of its three seams."""
    forms = {word, word.encode().hex()}
    forms |= {base64.b64encode(b"\0" * seam + word.encode())[4:-4].decode() for seam in range(3)}
    with psycopg.connect(database) as connection:
        columns = connection.execute(
            "SELECT format('%I.%I', table_schema, table_name), quote_ident(column_name) FROM information_schema.columns"
            " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        hits = []
        for table, column in columns:
            rows = connection.execute(f"SELECT {column}::text FROM {table}".encode()).fetchall()
            if any(form in (row[0] or "") for row in rows for form in forms):
                hits.append(f"{table}.{column}")
    return sorted(hits)


def change(database: str, statement: str) -> int:
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(statement.encode()).rowcount


async def test_a_run_leaves_no_readable_value_in_any_column_of_any_table(pool: Pool, database: str) -> None:
    await run_graph(pool, "plain", sealer=None)
    seen = readable(database, MARKER)
    assert seen == [
        "public.checkpoint_blobs.blob",
        "public.checkpoint_writes.blob",
        "public.checkpoints.checkpoint",
        "public.checkpoints.metadata",
    ]  # the search does find it
    change(database, "TRUNCATE checkpoints, checkpoint_blobs, checkpoint_writes")
    stored = await run_graph(pool, "sealed")
    assert stored["values"]["text"] == MARKER
    assert (stored["values"]["number"], stored["values"]["yes"]) == (7, True)
    assert any(MARKER in write for write in stored["writes"])
    assert readable(database, MARKER) == []


async def test_an_encrypted_run_reads_as_a_plain_one_does(pool: Pool) -> None:
    plain, sealed = await run_graph(pool, "plain", sealer=None), await run_graph(pool, "sealed")
    for found in (plain, sealed):
        found["values"]["messages"] = [message.content for message in found["values"]["messages"]]
        found["metadata"].pop("thread_id", None)
        assert len(found["writes"]) > 3
    assert plain == sealed


SWAPS = {
    "a blob of another thread": "UPDATE checkpoint_blobs AS a SET blob = b.blob FROM checkpoint_blobs AS b"
    " WHERE a.thread_id = 'one' AND b.thread_id = 'two' AND a.channel = b.channel AND a.channel = 'text'",
    "a blob of another channel": "UPDATE checkpoint_blobs AS a SET blob = b.blob FROM checkpoint_blobs AS b"
    " WHERE a.thread_id = 'one' AND b.thread_id = 'one' AND a.channel = 'text' AND b.channel = 'large'",
    "a write of another task": "UPDATE checkpoint_writes AS a SET blob = b.blob FROM checkpoint_writes AS b"
    " WHERE a.thread_id = 'one' AND b.thread_id = 'two' AND a.channel = b.channel AND a.idx = b.idx",
    "metadata of another checkpoint": "UPDATE checkpoints AS a SET metadata = b.metadata FROM checkpoints AS b"
    " WHERE a.thread_id = 'one' AND b.thread_id = 'two'",
    "a checkpoint of another thread": "UPDATE checkpoints AS a SET checkpoint = b.checkpoint FROM checkpoints AS b"
    " WHERE a.thread_id = 'one' AND b.thread_id = 'two'",
    "another version of a value": "UPDATE checkpoints"
    " SET checkpoint = jsonb_set(checkpoint, '{channel_versions,text}', '\"1\"')",
    "a write without a type": "UPDATE checkpoint_writes SET type = NULL",
    "a plain blob": "UPDATE checkpoint_blobs SET type = 'json', blob = '\"forged\"' WHERE channel = 'text'",
    "a blob taken out": "UPDATE checkpoint_blobs SET type = 'empty', blob = NULL WHERE channel = 'text'",
    "a plain write": "UPDATE checkpoint_writes SET type = 'json', blob = '\"forged\"'",
    "plain metadata": "UPDATE checkpoints SET metadata = '{\"step\": 99}'",
    "a value inside of the checkpoint": "UPDATE checkpoints"
    " SET checkpoint = jsonb_set(checkpoint, '{channel_values,forged}', '1')",
    "another byte": "UPDATE checkpoint_blobs SET blob = set_byte(blob, length(blob) - 1, "
    "get_byte(blob, length(blob) - 1) # 1) WHERE channel = 'text'",
}


@pytest.mark.parametrize("statement", SWAPS.values(), ids=SWAPS)
async def test_what_somebody_else_put_there_is_refused(pool: Pool, database: str, statement: str) -> None:
    for thread_id in ("one", "two"):
        await run_graph(pool, thread_id)
    assert change(database, statement) > 0
    with pytest.raises(SealError) as refused:
        await values(pool, "one")
    assert MARKER not in str(refused.value)
    with pytest.raises(SealError):
        assert [found async for found in make_saver(pool, sealer=SEALER).alist(config("one"))]


async def test_a_plain_database_is_refused_and_a_sealed_one_is_not_read_without_its_key(pool: Pool) -> None:
    await run_graph(pool, "plain", sealer=None)
    with pytest.raises(SealError, match="not encrypted"):
        await values(pool, "plain")
    await run_graph(pool, "sealed")
    with pytest.raises(SealError, match="key 'old', which was not given"):
        await values(pool, "sealed", Encryption(Keys("new", {"new": b"n" * 32})))


async def test_a_sealed_thread_goes_on_where_it_stopped(pool: Pool) -> None:
    await run_graph(pool, "one")
    builder = StateGraph(State)
    builder.add_node("ask", ask)
    builder.add_node("work", lambda state: {"parts": [state["text"]]})
    builder.add_edge(START, "ask")
    builder.add_conditional_edges("ask", fan, ["work"])
    out = await builder.compile(checkpointer=make_saver(pool, sealer=SEALER)).ainvoke(None, config("one"))
    assert out["parts"] == [{"deep": [MARKER]}, MARKER]  # what had been done before the failure, and what was left
