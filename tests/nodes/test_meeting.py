"""All branches of a superstep meet at one gate, also those that come when the first have gone."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.runnables.config import var_child_runnable_config
from langgraph.errors import GraphDrained, GraphInterrupt
from langgraph.runtime import ExecutionInfo, RunControl, Runtime

from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.nodes.branching.rendezvous import meet, open_meetings
from langgraph_quorum.state.branch import BranchCall, Bundle
from langgraph_quorum.state.points import Points
from tests.nodes.waves import wave

pytestmark = pytest.mark.looptime


async def _nothing(*_: Any) -> None: ...


def _bundle(name: str) -> Bundle:
    call = BranchCall(item={"branch_id": name}, order=0, points=["main"])
    return Bundle(calls=[call], task="", wave=wave(2))


async def _come(name: str, runtime: Runtime[Any], leaves_by: Exception | None = None) -> Gate:
    with meet(_bundle(name), runtime) as meeting:
        gate = await meeting.gate(wave(2), Crew({}, Points.of(None), _nothing), runtime)
        if leaves_by is not None:
            gates.append(gate)
            raise leaves_by
    return gate


gates: list[Gate] = []


@pytest.mark.parametrize("leaves_by", [GraphDrained("maintenance"), GraphInterrupt()])
async def test_a_branch_that_comes_when_the_first_was_drained_or_asks_finds_its_gate(leaves_by: Exception) -> None:
    var_child_runnable_config.set({"configurable": {}})
    runtime: Runtime[Any] = Runtime(control=RunControl(), execution_info=ExecutionInfo("point", "node:1", "1"))
    with pytest.raises(type(leaves_by)):
        await _come("a", runtime, leaves_by)
    assert await _come("b", runtime) is gates.pop()
    assert open_meetings() == 0


async def test_when_a_branch_breaks_the_meeting_is_over() -> None:
    var_child_runnable_config.set({"configurable": {}})
    runtime: Runtime[Any] = Runtime(control=RunControl(), execution_info=ExecutionInfo("point", "node:1", "1"))
    with pytest.raises(ValueError, match="broken"):
        await _come("a", runtime, ValueError("broken"))
    assert open_meetings() == 0
