"""The join inside somebody's own graph: specialists' nodes beside other nodes of the same superstep."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from langgraph_quorum import QuorumContext, Specialist, SyncPolicy
from langgraph_quorum.nodes.branching.branch import branch_node
from langgraph_quorum.nodes.branching.crew import Crew as SharedCrew
from langgraph_quorum.nodes.branching.rendezvous import LINGER_S, open_meetings
from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.nodes.scoring.scorer import scored_by
from langgraph_quorum.state.branch import BranchCall, Bundle
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import BranchRecord, WorkItem
from langgraph_quorum.state.reducers import merge_branches
from tests.graphs.running import Crew, statuses
from tests.nodes.waves import wave

pytestmark = pytest.mark.looptime
ONE_BY_ONE = {"max_concurrency": 1}


class Own(TypedDict, total=False):
    branches: Annotated[dict[str, BranchRecord], merge_branches]


def call(branch_id: str, order: int) -> Bundle:
    item: WorkItem = {"branch_id": branch_id, "specialist": "s"}
    alone = BranchCall(item=item, order=order, points=["main"])
    return Bundle(calls=[alone], task="x", wave=wave(2))


def own_graph(specialist: Specialist, policy: SyncPolicy, others_seconds: float) -> Any:
    """Two branches and, between them, a node that knows nothing of quorums."""

    async def other(state: Own) -> dict[str, Any]:
        await asyncio.sleep(others_seconds)
        return {}

    shared = SharedCrew({"s": Seat.of(specialist)}, Points.of(policy), scored_by(None))
    builder = StateGraph(Own, context_schema=QuorumContext)
    builder.add_node("s", branch_node("s", shared), input_schema=Bundle)
    builder.add_node("other", other)
    sends = [Send("s", call("a", 0)), Send("other", {}), Send("s", call("b", 1))]
    builder.add_conditional_edges(START, lambda _state: sends, ["s", "other"])
    return builder.compile()


async def test_branches_meet_at_one_gate_although_another_node_runs_between_them() -> None:
    policy = SyncPolicy(threshold=0.5, grace_s=5)
    result = await own_graph(Crew().sleeps("s", 1), policy, others_seconds=10).ainvoke({}, ONE_BY_ONE)
    assert statuses(result) == {"a": "succeeded", "b": "cut"}  # the grace ran out while the other node ran
    assert open_meetings() == 0


async def test_a_run_that_is_cancelled_between_two_branches_is_forgotten_after_a_while() -> None:
    graph = own_graph(Crew().sleeps("s", 1), SyncPolicy(), others_seconds=1000)
    running = asyncio.create_task(graph.ainvoke({}, ONE_BY_ONE))
    await asyncio.sleep(10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert open_meetings() == 1  # nobody was there to say goodbye
    await asyncio.sleep(LINGER_S)
    assert open_meetings() == 0
