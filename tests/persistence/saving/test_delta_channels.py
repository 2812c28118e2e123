"""Delta channels, whose values are made up of writes and snapshots, work as with the official saver."""

import operator
import uuid
from typing import Annotated, Any

import pytest
from langgraph.channels import DeltaChannel
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.state.errors import SealError
from tests.persistence.saving.toy_sealer import ToySealer


def extend(held: list[int], writes: list[list[int]]) -> list[int]:
    return [*held, *(item for write in writes for item in write)]


class State(TypedDict, total=False):
    """Items by deltas with a snapshot every third time, and a text beside them."""

    items: Annotated[list[int], DeltaChannel(extend, snapshot_frequency=3)]
    turn: Annotated[int, operator.add]
    text: str


def graph_on(saver: AsyncPostgresSaver) -> Any:
    builder = StateGraph(State)
    builder.add_node("one", lambda state: {"items": [state["turn"]], "turn": 1})
    builder.add_node("two", lambda state: {"items": [-state["turn"]]})
    return builder.add_edge(START, "one").add_edge("one", "two").compile(checkpointer=saver)


@pytest.fixture(params=["ours", "sealed", "official then ours", "ours then official"])
def savers(request: pytest.FixtureRequest, pool: Pool) -> Any:
    match request.param:
        case "ours":
            return lambda: [GroupCommitSaver(pool)] * 2
        case "sealed":
            return lambda: [GroupCommitSaver(pool, sealer=ToySealer())] * 2
        case "official then ours":
            return lambda: [AsyncPostgresSaver(pool), GroupCommitSaver(pool)]
        case _:
            return lambda: [GroupCommitSaver(pool), AsyncPostgresSaver(pool)]


async def test_values_come_back_through_snapshots_and_turns(savers: Any) -> None:
    config: Any = {"configurable": {"thread_id": uuid.uuid4().hex}}
    graphs = [graph_on(saver) for saver in savers()]
    expected: list[int] = []
    for turn in range(8):
        out = await graphs[turn % 2].ainvoke({"items": [100 + turn], "turn": 0, "text": "x" * 5000}, config)
        expected += [100 + turn, turn, -(turn + 1)]
        assert out["items"] == expected
    for graph in graphs:
        values = (await graph.aget_state(config)).values
        assert (values["items"], values["text"]) == (expected, "x" * 5000)
        lengths = [len(state.values.get("items", [])) async for state in graph.aget_state_history(config)]
        assert lengths[0] == len(expected)
        assert lengths == sorted(lengths, reverse=True)


async def test_a_forged_delta_is_an_error(pool: Pool) -> None:
    config: Any = {"configurable": {"thread_id": "t"}}
    graph = graph_on(GroupCommitSaver(pool, sealer=ToySealer()))
    await graph.ainvoke({"items": [1], "turn": 0}, config)
    async with pool.connection() as connection:
        await connection.execute("UPDATE checkpoint_writes SET type = 'json', blob = '[9]' WHERE channel = 'items'")
    with pytest.raises(SealError):
        assert [state async for state in graph.aget_state_history(config)]
