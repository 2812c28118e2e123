"""An app with several workflows in it, or one that runs several times, keeps them apart."""

from __future__ import annotations

import operator
from typing import Annotated, Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command
from typing_extensions import TypedDict

from tests.embedding.trio import Trio
from tests.graphs.running import thread


async def test_workflows_side_by_side_ask_and_are_answered_each_for_itself() -> None:
    left, right = Trio(), Trio()
    graph = StateGraph(Two)
    for name, crew in (("left", left), ("right", right)):
        graph.add_node(name, told_apart(name, crew.workflow(asks=True).compile()))
        graph.add_edge(START, name)
    app = graph.compile(checkpointer=InMemorySaver())
    paused: Any = await app.ainvoke({"task": "look"}, thread())  # type: ignore[call-overload]
    state = await app.aget_state(thread(), subgraphs=True)  # type: ignore[arg-type]
    ids = {task.name: task.interrupts[0].id for task in state.tasks}
    assert len(paused["__interrupt__"]) == 2
    await app.ainvoke(Command(resume={ids["right"]: "r"}), thread())  # type: ignore[call-overload]
    out: Any = await app.ainvoke(Command(resume={ids["left"]: "l"}), thread())  # type: ignore[call-overload]
    assert out["answers"] == {"left": "l", "right": "r"}
    assert left.calls == right.calls == {"a": 1, "b": 1, "c": 1}


class Two(TypedDict, total=False):
    task: str
    answers: Annotated[dict[str, Any], operator.or_]


def told_apart(name: str, workflow: Any) -> Any:
    """A function node that keeps what one of several workflows has answered."""

    async def review(state: Two) -> dict[str, Any]:
        output = await workflow.ainvoke({"task": state["task"]})
        return {"answers": {name: output["result"]["c"]["answer"]}}

    return review


async def test_a_node_that_runs_the_workflow_several_times_gets_each_run_back() -> None:
    crew = Trio()
    workflow = crew.workflow(asks=True).compile()

    async def review(state: Two) -> dict[str, Any]:
        first = await workflow.ainvoke({"task": "first"})
        second = await workflow.ainvoke({"task": "second"})
        return {"answers": {"first": first["result"]["c"]["answer"], "second": second["result"]["c"]["answer"]}}

    app: Any = StateGraph(Two).add_node("review", review).add_edge(START, "review").compile(InMemorySaver())
    await app.ainvoke({"task": "look"}, thread())
    await app.ainvoke(Command(resume="1"), thread())
    out = await app.ainvoke(Command(resume="2"), thread())
    assert out["answers"] == {"first": "1", "second": "2"}
    assert [branch.task for branch in crew.branches] == ["first"] * 3 + ["second"] * 3
