"""The saver runs ordinary graphs, and refuses every type that was not allowed."""

import dataclasses
import operator
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import ormsgpack
import psycopg
import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict

from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.keys import Keys
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.saving.serializer import StrictSerializer
from langgraph_quorum.state.errors import BlockedTypeError, ConfigurationError, SealError

THREAD: RunnableConfig = {"configurable": {"thread_id": "t"}}


@dataclasses.dataclass
class Verdict:
    """A user's own class."""

    text: str


class State(TypedDict, total=False):
    """What the graph under test keeps."""

    messages: Annotated[list[AnyMessage], add_messages]
    parts: Annotated[list[Any], operator.add]


def ask(state: State) -> State:
    answer = interrupt({"question": "go on?"})
    return {"messages": [HumanMessage(answer), AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": "1"}])]}


def fan(state: State) -> list[Send]:
    return [Send("work", {"messages": [*state["messages"], ToolMessage(str(n), tool_call_id="1")]}) for n in range(3)]


def work(state: State) -> State:
    return {"parts": [state["messages"][-1].content]}


def judge(state: State) -> State:
    return {"parts": [Verdict("fine")]}


@pytest.fixture
async def saver(database: str) -> AsyncIterator[AsyncPostgresSaver]:
    async with open_pool(database) as pool:
        await migrate(pool)
        yield make_saver(pool)


async def test_a_graph_with_messages_sends_and_interrupts_runs_and_is_read_back(saver: AsyncPostgresSaver) -> None:
    builder = StateGraph(State)
    builder.add_node("ask", ask)
    builder.add_node("work", work)
    builder.add_edge(START, "ask")
    builder.add_conditional_edges("ask", fan, ["work"])
    builder.add_edge("work", END)
    graph = builder.compile(checkpointer=saver)
    await graph.ainvoke({"messages": [HumanMessage("hello")]}, THREAD)
    await graph.ainvoke(Command(resume="yes"), THREAD)
    values = (await graph.aget_state(THREAD)).values
    assert sorted(values["parts"]) == ["0", "1", "2"]
    assert [type(message) for message in values["messages"]] == [HumanMessage, HumanMessage, AIMessage]
    assert len([state async for state in graph.aget_state_history(THREAD)]) == 4


async def test_a_class_that_was_not_allowed_is_refused_when_it_is_written(saver: AsyncPostgresSaver) -> None:
    graph = StateGraph(State).add_node("judge", judge).add_edge(START, "judge").compile(checkpointer=saver)
    with pytest.raises(BlockedTypeError, match=r"field 'parts' .*Verdict is not allowed in a checkpoint.*allow="):
        await graph.ainvoke({}, THREAD)


async def test_a_class_that_was_allowed_comes_back_as_itself(database: str) -> None:
    async with open_pool(database) as pool:
        await migrate(pool)
        saver = make_saver(pool, allow=[Verdict])
        graph = StateGraph(State).add_node("judge", judge).add_edge(START, "judge").compile(checkpointer=saver)
        await graph.ainvoke({}, THREAD)
        assert (await graph.aget_state(THREAD)).values["parts"] == [Verdict("fine")]


def forged(kind: int, content: object) -> bytes:
    """What an attacker who can write rows puts there: a msgpack object that names a callable."""
    return ormsgpack.packb([ormsgpack.Ext(kind, ormsgpack.packb(content))])


async def test_a_forged_row_runs_no_code_and_is_an_error(
    database: str, saver: AsyncPostgresSaver, tmp_path: Path
) -> None:
    graph = StateGraph(State).add_node("work", work).add_edge(START, "work").compile(checkpointer=saver)
    await graph.ainvoke({"messages": [HumanMessage("hello")]}, THREAD)
    evidence = tmp_path / "ran"
    with psycopg.connect(database) as attacker:
        row = forged(0, ("os", "system", f"touch {evidence}"))
        attacker.execute("UPDATE checkpoint_blobs SET type = 'msgpack', blob = %s WHERE channel = 'parts'", (row,))
    with pytest.raises(BlockedTypeError, match=r"os\.system"):
        await graph.aget_state(THREAD)
    assert not evidence.exists()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (0, ("os", "system", "touch {}")),
        (1, ("os", "system", ("touch {}",))),
        (2, ("os", "system", {"command": "touch {}"})),
        (3, ("os", "path", "touch {}", "exists")),
        (4, ("os", "system", {"command": "touch {}"})),
        (5, ("os", "system", {"command": "touch {}"}, "model_validate_json")),
    ],
    ids=["one argument", "arguments", "keywords", "method", "pydantic 1", "pydantic 2"],
)
def test_every_way_to_name_a_callable_is_refused(kind: int, content: tuple[Any, ...]) -> None:
    with pytest.raises(BlockedTypeError, match=r"os\."):
        StrictSerializer().loads_typed(("msgpack", forged(kind, content)))


def test_a_callable_hidden_inside_an_allowed_type_is_refused() -> None:
    inner = ormsgpack.Ext(0, ormsgpack.packb(("os", "system", "true")))
    outer = ("langchain_core.messages.human", "HumanMessage", {"content": inner}, "model_validate_json")
    with pytest.raises(BlockedTypeError, match=r"os\.system"):
        StrictSerializer().loads_typed(("msgpack", forged(5, outer)))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("pickle", b"cos\nsystem\n(S'true'\ntR."),
        ("json", b'{"lc": 2, "type": "constructor", "id": ["os", "system"], "args": ["true"]}'),
        ("json", b'[{"lc": 1, "type": "secret", "id": ["HOME"]}]'),
        ("never heard of", b""),
    ],
)
def test_formats_that_could_run_something_are_not_read(kind: str, data: bytes) -> None:
    with pytest.raises(BlockedTypeError):
        StrictSerializer().loads_typed((kind, data))


def test_only_our_own_error_tells_of_a_refusal_and_another_serializer_still_warns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ours, others = (forged(0, ("nowhere.at_all", name, "")) for name in ("OfOurs", "OfOthers"))
    with pytest.raises(BlockedTypeError, match="OfOurs"):
        StrictSerializer().loads_typed(("msgpack", ours))
    with pytest.raises(BlockedTypeError, match=r"\.join"):  # a method, which LangGraph logs in other words
        StrictSerializer().loads_typed(("msgpack", forged(3, ("os", "path", "a", "join"))))
    assert caplog.text == ""
    JsonPlusSerializer(allowed_msgpack_modules=None).loads_typed(("msgpack", others))
    assert "Blocked deserialization of nowhere.at_all.OfOthers" in caplog.text


async def test_what_is_encrypted_is_not_read_without_keys_and_the_error_names_them(database: str) -> None:
    sealer = Encryption(Keys("k", {"k": b"k" * 32}))
    async with open_pool(database) as pool:
        await migrate(pool)
        builder = StateGraph(State).add_node("work", work).add_edge(START, "work")
        graph = builder.compile(checkpointer=make_saver(pool, sealer=sealer))
        await graph.ainvoke({"messages": [HumanMessage("hello")]}, THREAD)
        with pytest.raises(SealError, match="set QUORUM_ENCRYPTION_KEYS"):
            await builder.compile(checkpointer=make_saver(pool)).aget_state(THREAD)


def test_plain_json_of_old_checkpoints_is_still_read() -> None:
    assert StrictSerializer().loads_typed(("json", b'{"a": [1, null]}')) == {"a": [1, None]}


def test_a_class_that_no_module_holds_cannot_be_allowed() -> None:
    class Local:
        pass

    with pytest.raises(ConfigurationError, match="top of an importable module"):
        StrictSerializer([Local])


def test_an_exception_is_kept_as_its_text() -> None:
    @dataclasses.dataclass
    class OddError(Exception):
        code: int

    serializer = StrictSerializer()
    assert "OddError" in serializer.loads_typed(serializer.dumps_typed(OddError(3)))
