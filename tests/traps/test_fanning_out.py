"""Fan-outs to nobody, to an unknown node, and to more at once than was asked for."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send

from langgraph_quorum import Branch, QuorumContext, Specialist
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from tests.graphs.running import Crew, run
from tests.traps.plain import Named, Results, fan_out, notes_its_name, sending

pytestmark = pytest.mark.looptime

MISPLACED: dict[str, Any] = {"configurable": {"max_concurrency": 1}}
RIGHT: dict[str, Any] = {"max_concurrency": 1}


class AtOnce:
    """Counts how many work at the same time."""

    def __init__(self) -> None:
        self.now = self.peak = 0

    async def work(self) -> None:
        self.now += 1
        self.peak = max(self.peak, self.now)
        await asyncio.sleep(1)
        self.now -= 1

    async def worker(self, state: Named) -> dict[str, Any]:
        await self.work()
        return {"done": [state["name"]]}

    async def specialist(self, branch: Branch) -> str:
        await self.work()
        return branch.branch_id


async def test_plain_an_empty_fan_out_ends_the_run_without_a_word_and_without_the_join() -> None:
    assert await fan_out(notes_its_name, []).compile().ainvoke({}) is None
    assert await fan_out(notes_its_name, []).compile().ainvoke({"done": ["before"]}) == {"done": ["before"]}


async def test_ours_refuses_an_empty_plan_whether_it_was_given_or_made() -> None:
    async def plans_nothing(state: Any) -> list[Any]:
        return []

    crew = Crew()
    with pytest.raises(PlanError, match="the plan is empty"):
        await run(crew.sleeps("s", 1), work=[])
    with pytest.raises(PlanError, match="the plan is empty"):
        await run(crew.sleeps("s", 1), planner=plans_nothing)
    assert not crew.calls


async def test_plain_a_send_to_an_unknown_node_is_logged_and_the_rest_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    sends = [Send("worker", {"name": "a"}), Send("wroker", {"name": "b"})]
    with caplog.at_level(logging.WARNING, "langgraph"):
        result = await sending(sends, notes_its_name).compile().ainvoke({})
    assert result == {"done": ["a"], "joined": True}
    assert caplog.messages == ["Ignoring unknown node name wroker in pending sends"]


@pytest.mark.parametrize("goto", ["wroker", [Send("wroker", {"name": "b"})]], ids=["name", "send"])
async def test_plain_a_command_to_an_unknown_node_ends_the_run(goto: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def lost(state: Results) -> Command[str]:
        return Command(update={"done": ["lost"]}, goto=goto)

    builder = StateGraph(Results)
    builder.add_node("lost", lost)
    builder.add_edge(START, "lost")
    assert await builder.compile().ainvoke({}) == {"done": ["lost"]}
    assert "wroker" in caplog.text


async def test_ours_refuses_work_for_an_unknown_specialist_before_anything_runs() -> None:
    crew = Crew()
    with pytest.raises(PlanError, match=r"branch 'b': unknown specialist 'wroker': there are worker"):
        await run(crew.sleeps("worker", 1), work=[{"specialist": "worker"}, {"branch_id": "b", "specialist": "wroker"}])
    assert not crew.calls


@pytest.mark.parametrize(("config", "peak"), [({}, 4), (MISPLACED, 4), (RIGHT, 1)], ids=["none", "misplaced", "right"])
async def test_plain_a_max_concurrency_under_configurable_limits_nothing(config: Any, peak: int) -> None:
    counting = AtOnce()
    await fan_out(counting.worker, "abcd").compile().ainvoke({}, config)
    assert counting.peak == peak


@pytest.mark.parametrize(("config", "peak"), [({}, 4), (MISPLACED, 4), (RIGHT, 1)], ids=["none", "misplaced", "right"])
async def test_ours_reads_max_concurrency_in_the_same_place_and_no_other(config: Any, peak: int) -> None:
    counting = AtOnce()
    await run(*[Specialist(name, counting.specialist) for name in "abcd"], config=config)
    assert counting.peak == peak


async def test_ours_has_a_limit_of_its_own_that_is_part_of_the_graph() -> None:
    counting = AtOnce()
    await run(*[Specialist(name, counting.specialist) for name in "abcd"], mode="sequential")
    assert counting.peak == 1


async def test_ours_refuses_a_misspelled_setting_of_a_run() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'threshold'"):
        QuorumContext(treshold=0.5)  # type: ignore[call-arg]
