"""Threads that a graph was driven on with LangGraph alone: `start` makes runs of them, wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.errors import ThreadNotFoundError


class Letter(TypedDict, total=False):
    to: str
    text: str
    sent: bool


class Office:
    """Writes and sends letters; the first attempt to send one to nobody fails."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def graph(self) -> StateGraph[Any, Any, Any, Any]:
        builder = StateGraph(Letter)
        builder.add_node("write", self.write)
        builder.add_node("send", self.send)
        builder.add_edge(START, "write")
        builder.add_edge("write", "send")
        return builder

    def write(self, state: Letter) -> Letter:
        self.done.append("write")
        return {"text": f"Dear {state['to']}"}

    def send(self, state: Letter) -> Letter:
        self.done.append("send")
        if state["to"] == "nobody" and self.done.count("send") == 1:
            raise ConnectionError("no such address")
        return {"sent": interrupt("send it?") if state["to"] == "boss" else True}


async def test_a_thread_of_langgraphs_own_is_taken_up_where_it_stands(pool: Pool, database: str) -> None:
    office = Office()
    async with AsyncPostgresSaver.from_conn_string(database) as official:
        alone = office.graph().compile(checkpointer=official)
        for name in ("friend", "boss"):
            await alone.ainvoke({"to": name}, RunnableConfig(configurable={"thread_id": name}))
        office.done.clear()
        with pytest.raises(ConnectionError):
            await alone.ainvoke({"to": "nobody"}, RunnableConfig(configurable={"thread_id": "nobody"}))
    office.done.clear()
    async with Orchestrator.on(office.graph(), pool, "letters") as quorum:
        with pytest.raises(ThreadNotFoundError):
            await quorum.resume("friend")
        finished = await (await quorum.start({"to": "friend"}, "friend", tags=["old"])).result()
        assert (finished["status"], finished["sent"], office.done) == ("approved", True, [])
        waiting = await (await quorum.start({"to": "boss"}, "boss", tags=["old"])).result()
        answered = await (await quorum.resume("boss", dict.fromkeys(waiting["interrupts"], "yes"))).result()
        assert (waiting["status"], answered["sent"], office.done) == ("waiting", "yes", ["send"])
        office.done.append("send")  # not the first attempt
        cut_off = await (await quorum.start({"to": "nobody"}, "nobody", tags=["old"])).result()
        assert (cut_off["status"], office.done) == ("approved", ["send", "send", "send"])
        page = await quorum.list(tag="old", workflow="letters", status="approved")
        assert {run.thread_id for run in page} == {"friend", "boss", "nobody"}
        assert "input" not in page.runs[0].options
        again = await (await quorum.start({"to": "somebody"}, "friend")).result()  # nobody can tell what it began with
        assert again == finished == await quorum.get("friend")
