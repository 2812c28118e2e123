"""What limits or stops an outer run does so to the workflows in it."""

from __future__ import annotations

import asyncio

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.nesting import inner, nests, own_work, run
from tests.graphs.running import FIXED, Crew, compiled, statuses, thread

pytestmark = pytest.mark.looptime


class Stoppable(Crew):
    """Notes which specialists were cancelled, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped: dict[str, float] = {}

    def hangs(self, name: str) -> Specialist:
        async def run(branch: Branch) -> None:
            self._note(branch)
            loop = asyncio.get_running_loop()
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                self.stopped[branch.branch_id] = loop.time()
                raise

        return Specialist(name, run, timeout_s=2000)


async def test_the_outer_deadline_cuts_an_inner_run_and_stops_its_work() -> None:
    crew = Stoppable()
    graph = compiled(
        workflow_specialist("w", inner(crew.hangs("a"), crew.sleeps("b", 1))),
        crew.sleeps("c", 1),
        sync=SyncPolicy(threshold=1.0, deadline_s=10),
        recovery=RecoveryPolicy(rounds=0),
    )
    out = await run(graph)
    assert out["branches"]["w"]["status"] == "timed_out"
    assert out["branches"]["w"]["settled_s"] == pytest.approx(10, abs=0.2)
    assert crew.stopped == {"a": pytest.approx(10, abs=0.2)}
    assert open_meetings() == 0


async def test_a_cut_reaches_the_innermost_work_of_workflows_in_workflows() -> None:
    crew = Stoppable()
    middle = inner(workflow_specialist("deepest", inner(crew.hangs("a"))))
    graph = compiled(workflow_specialist("w", middle), crew.sleeps("b", 1), sync=SyncPolicy(threshold=0.5, grace_s=2))
    assert statuses(await run(graph)) == {"b": "succeeded", "w": "cut"}
    assert crew.stopped == {"a": pytest.approx(3, abs=0.2)}
    assert open_meetings() == 0


async def test_a_cancelled_run_cancels_the_inner_ones() -> None:
    crew = Stoppable()
    graph = compiled(workflow_specialist("w", inner(crew.hangs("a")), prepare=own_work))
    running = asyncio.create_task(run(graph, nests(3, "a")))
    await asyncio.sleep(5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(crew.stopped) == ["w0.a", "w1.a", "w2.a"]
    assert open_meetings() == 0


async def test_a_drain_stops_inner_branches_and_a_resume_goes_on_with_them() -> None:
    crew, control = Crew(), RunControl()
    graph = compiled(
        workflow_specialist("w", inner(crew.sleeps("a", 1), crew.sleeps("b", 100))),
        crew.sleeps("c", 1),
        saver=InMemorySaver(),
    )
    loop = asyncio.get_running_loop()
    loop.call_later(5, control.request_drain)
    with pytest.raises(GraphDrained):
        await graph.ainvoke({"task": "x"}, thread(), context=FIXED, control=control)
    assert loop.time() < 6
    assert open_meetings() == 0
    out = await graph.ainvoke(None, thread(), context=FIXED)
    assert statuses(out) == {"c": "succeeded", "w": "succeeded"}
    assert crew.calls == {"a": 1, "b": 2, "c": 1}
